/** The service, compiled where dist/ is fresh, in this very process: signals reach it. For what is not written in TypeScript. */
import { isBuildFresh } from '../../scripts/fresh-build.js'

if (isBuildFresh()) {
  await import('../../dist/main.js')
} else {
  await import('tsx')
  await import('../../src/main.ts')
}
