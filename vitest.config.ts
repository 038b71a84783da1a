import { defineConfig } from 'vitest/config'

/** `fast` needs npm alone. The other projects start real servers and clients; tools/suite.ts prepares them. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/clients/**', 'test/hostile/**', 'test/suites/**'],
          // Time decides no test: a loaded machine may take ten times as long.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'suites',
          include: ['test/{clients,hostile,suites}/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
