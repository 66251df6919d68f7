declare module '*/fixture/boards.mjs' {
  export const boards: Record<string, unknown>;
}
declare module '*/fixture/server.mjs' {
  interface Query {
    refId: string;
    metric: string;
    filters?: Record<string, unknown>;
    lang?: string;
    datasource?: { uid?: string };
  }
  export function start(port?: number): Promise<{ address: string; queries: Query[]; stop: () => Promise<void> }>;
}
