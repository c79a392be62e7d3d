import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'
import { rooms } from './scripts/rooms.js'

const TYPESCRIPT = ['**/*.ts']

/** Sentences stay whole, so that they can be found: a line may be longer where a string or a regular expression makes it so. */
const width = {
  rules: {
    '@stylistic/max-len': ['error', {
      code: 140, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true
    }]
  }
}

/** What only the type checker can see, and the habits of the house. */
const typeAware = {
  files: TYPESCRIPT,
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  plugins: { '@typescript-eslint': tseslint.plugin },
  rules: {
    '@typescript-eslint/await-thenable': 'error',
    '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    '@typescript-eslint/no-explicit-any': 'error',
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-misused-promises': 'error',
    '@typescript-eslint/no-non-null-assertion': 'error',
    '@typescript-eslint/no-unnecessary-type-assertion': 'error',
    '@typescript-eslint/only-throw-error': 'error',
    '@typescript-eslint/prefer-promise-reject-errors': 'error',
    '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
    '@typescript-eslint/restrict-plus-operands': 'error',
    '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
    '@typescript-eslint/switch-exhaustiveness-check': 'error',
    // A schema and the type that it stands for share a name; the compiler sees real redeclarations.
    '@typescript-eslint/no-redeclare': 'off',
    // How no-floating-promises is told that nobody waits.
    'no-void': ['error', { allowAsStatement: true }]
  }
}

const tests = {
  files: ['test/**/*.ts'],
  rules: {
    // tap itself waits for what t.test returns.
    '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: '@tapjs/test', name: ['test'] }] }],
    // A test that meets undefined there fails, as it should.
    '@typescript-eslint/no-non-null-assertion': 'off'
  }
}

/** What is for people, for other machines or for the next start needs the time of day. */
const WALL_TIME = [
  'src/cli/generate.ts', // when a recording was made
  'src/client/retry.ts', // Retry-After as a date
  'src/client/transport.ts',
  'src/engine/engine.ts', // when costs were measured
  'src/engine/open-sessions.ts',
  'src/engine/optimised-copy.ts', // ages of files
  'src/engine/tuning-cache.ts', // how long ago, over restarts of the machine
  'src/http/openai/choice.ts', // `created`
  'src/loaded-models/loaded-model.ts', // when a model was loaded
  'web/keep.ts',
  'web/recent.ts'
]
const MONOTONIC = 'The time of day can be set: what lasts, is due or is kept for a while goes by performance.now() or the engine\'s clock.'

const clocks = {
  files: ['src/**/*.ts', 'web/**/*.ts'],
  ignores: WALL_TIME,
  rules: {
    'no-restricted-syntax': ['error',
      { selector: "MemberExpression[object.name='Date'][property.name='now']", message: MONOTONIC },
      { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: MONOTONIC },
      { selector: "CallExpression[callee.name='Date']", message: MONOTONIC }
    ]
  }
}

export default [
  ...neostandard({ ts: true, ignores: ['dist/', 'runs/', 'coverage/', '.tap/', '.venv/', '.cache/', 'models/', 'test/reference/', 'src/client/schema.ts'] }),
  width,
  typeAware,
  ...rooms,
  clocks,
  tests
]
