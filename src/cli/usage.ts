/** What --help prints. */
import { Environment } from '../config.js'
import { SCHEDULES } from '../diffusion/schedule.js'
import { JUMPS } from '../diffusion/jump-times.js'
import { SOLVERS } from '../diffusion/solver.js'
import { DEFAULT_BLOCK_LENGTH, DEFAULT_MAX_TOKENS, MAX_OUTPUTS, MAX_TEMPERATURE } from '../generation/index.js'

export const USAGE = `fewstep: few-step diffusion language models

  fewstep generate "Once upon a time"   write text here, refined in place; no server needed
  fewstep serve                         run the HTTP service
  fewstep key new NAME                  make a key for those who may use it

  fewstep COMMAND --help                options of a command
  fewstep --version
`

export const GENERATE_USAGE = `fewstep generate [OPTIONS] [PROMPT]

Continues the prompt, or writes freely without one. In a terminal the text is refined in place, words that just changed
highlighted. Elsewhere only the finished text is printed, prompt included.

  --steps N          refinements (default: the model's own, mostly 8)
  --max-tokens N     length of the continuation in tokens (default: ${DEFAULT_MAX_TOKENS}, or what the model has room for)
  --block-length N   make the text in blocks of N tokens, one after another (default: at once, if the model has room for it, else ${DEFAULT_BLOCK_LENGTH})
  --template TEXT    instead of a prompt: text with gaps to fill in, [[n]] for one of n tokens
  --seed N           the same seed gives the same text (default: random)
  -n N               outputs side by side, up to ${MAX_OUTPUTS}; output i is drawn with seed + i
  --temperature X    0 (greedy) to ${MAX_TEMPERATURE}
  --top-k N          only the N most probable tokens; 0: all
  --top-p X          only the most probable tokens that together have probability X; 1: all
  --schedule S       ${SCHEDULES.join(', ')}, or step sizes that sum to 1: 0.5,0.25,0.25
  --solver S         ${SOLVERS.join(', ')}; not for llada and dream models
  --jumps J          ${JUMPS.join(', ')}: which positions jump in the same step
  --stop TEXT        end the text before TEXT; may be given several times
  --stop-when-stable take the last step as soon as hardly anything is expected to change
  --model DIR        a model's folder (default: the first one of FEWSTEP_MODEL, or the embedded one)
  --json             print the answer of POST /v1/generate instead, with timeline and confidence
  --no-color         no colours and no highlighting
  -h, --help
`

export const KEY_USAGE = `fewstep key new NAME [>> FILE]

Makes a key at random. The line that lets it in is printed: append it to the file that FEWSTEP_API_KEYS_FILE names, which is read
again when it changes. The key itself is shown once, on stderr, and kept nowhere. Limits of its own may be added to the line:

  NAME SHA-256 requests=60 positions=200000 canvases=4

  requests=N         requests a minute, 0 for no limit
  positions=N        outputs x steps x padded length a minute
  canvases=N         outputs that are made at once
`

/** Every setting of the service on a line of its own. */
export function serveUsage (): string {
  // The static types of the schema leave out its annotations.
  const settings = Object.entries(Environment.properties as unknown as Record<string, { description: string, default: string | number }>)
  const width = Math.max(...settings.map(([name]) => name.length))
  const lines = settings.map(([name, { description, default: value }]) =>
    `  ${name.padEnd(width)}  ${description}${value === '' ? '' : ` (${value})`}`)
  return `fewstep serve

Runs the HTTP service until SIGTERM or Ctrl-C; running generations finish first. Settings are environment variables:

${lines.join('\n')}
`
}
