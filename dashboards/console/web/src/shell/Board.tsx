import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { UrlSyncContextProvider } from '@grafana/scenes';
import { Button, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useEffect, useMemo } from 'react';
import { fetchDashboard } from '../api';
import { msg } from '../language';
import type { Dashboard } from '../scene/dashboard';
import { toScene } from '../scene/toScene';
import { useLoaded } from './useLoaded';

/** Loads one dashboard and shows it. */
export function Board({ uid, zone }: { uid: string; zone: string }) {
  const styles = useStyles2(getStyles);
  const { value, error, reload } = useLoaded(uid, () => fetchDashboard(uid) as Promise<Dashboard>);
  const scene = useMemo(() => (value ? toScene(value, zone) : undefined), [value, zone]);
  useEffect(() => {
    document.title = value ? `${value.title} – ${msg('product')}` : msg('product');
  }, [value]);
  if (error && !value) {
    return (
      <div className={styles.middle} role="alert">
        <p>{msg('loadFailed')}</p>
        <p className={styles.detail}>{error.message}</p>
        <Button variant="secondary" onClick={reload}>
          {msg('tryAgain')}
        </Button>
      </div>
    );
  }
  if (!value || !scene) {
    return (
      <div className={styles.middle}>
        <LoadingPlaceholder text={msg('loading')} />
      </div>
    );
  }
  return (
    <main className={styles.page}>
      <div className={styles.heading}>
        <h1 className={styles.title}>{value.title}</h1>
        {value.description && <p className={styles.description}>{value.description}</p>}
      </div>
      <UrlSyncContextProvider scene={scene} createBrowserHistorySteps>
        <scene.Component model={scene} />
      </UrlSyncContextProvider>
    </main>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ padding: '12px 16px 32px', maxWidth: 1920, margin: '0 auto' }),
  heading: css({ display: 'flex', alignItems: 'baseline', gap: 14, flexWrap: 'wrap', marginBottom: 10 }),
  title: css({ fontSize: 20, lineHeight: 1.25, fontWeight: 600, margin: 0, letterSpacing: '-0.01em' }),
  description: css({ margin: 0, color: theme.colors.text.secondary, fontSize: 13 }),
  middle: css({ display: 'flex', flexDirection: 'column', alignItems: 'center', gap: 8, padding: '15vh 16px', textAlign: 'center' }),
  detail: css({ color: theme.colors.text.secondary }),
});
