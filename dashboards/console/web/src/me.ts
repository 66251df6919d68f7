import { request } from './api';
import { msg } from './language';
import type { MessageKey } from './messages.en';

/** Pages that not everybody may open. */
export type Page = 'boards' | 'cases' | 'money' | 'backtest' | 'flow' | 'access';

/** GET /api/me: who is logged in. What is hidden here is refused by the server, too. */
export interface Me {
  /** Empty for the owner of the installation. */
  name: string;
  roles: string[] | null;
  /** The owner of the installation, who came with the start-up token. */
  local: boolean;
  logout: boolean;
  pages: Page[];
}

export const fetchMe = () => request<Me>('/api/me');

/** Whether a page is offered; while it is not known who is logged in, all are. */
export function may(me: Me | undefined, page: Page): boolean {
  return !me || me.pages.includes(page);
}

export function nameOf(me: Me): string {
  return me.local ? msg('meLocal') : me.name;
}

/** What somebody is, as a line to read: "Unit manager, open case". */
export function rolesOf(me: Me): string {
  return (me.roles ?? []).map((role) => msg(`role_${role}` as MessageKey)).join(', ');
}

export async function logout(): Promise<void> {
  await fetch('/logout', { method: 'POST', credentials: 'same-origin', redirect: 'manual' });
  window.location.replace('/login');
}
