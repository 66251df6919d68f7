import { defineConfig } from 'vitest/config';

/** Drives the built console in a real browser; run `npm run build` first. */
export default defineConfig({
  test: { include: ['test/*.browser.ts'], environment: 'node', testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false },
});
