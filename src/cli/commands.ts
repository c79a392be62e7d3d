/** The one table of commands and their options: what is parsed, what --help says and what the shells complete is made from it. */
import { JUMPS } from '../diffusion/jump-times.js'
import { SCHEDULE_NAMES } from '../diffusion/schedule.js'
import { SOLVERS } from '../diffusion/solver.js'
import { DEFAULT_BLOCK_LENGTH, DEFAULT_MAX_TOKENS, MAX_OUTPUTS, MAX_TEMPERATURE } from '../generation/text-request.js'
import { loadCode } from '../load-code.js'

export const VIEWS = ['live', 'timeline', 'confidence', 'plain'] as const
export type View = (typeof VIEWS)[number]

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export const ARRIVALS = ['poisson', 'uniform'] as const

/** What a word may be: one of these, or the name of a file or folder. */
export type Words = readonly string[] | 'file' | 'folder'

export interface Option {
  /** As in --name; of a single letter as in -n. */
  readonly name: string
  /** What stands for its value; a flag has none. */
  readonly value?: string
  /** May be given several times. */
  readonly multiple?: boolean
  readonly words?: Words
  readonly text: string
}

export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows the name. */
  readonly synopsis: string
  readonly about: string
  /** What its operands may be. */
  readonly words?: Words
  readonly options: readonly Option[]
  /** What else there is to say, after the options; loaded when it is asked for. */
  readonly more?: () => string | Promise<string>
  readonly examples: ReadonlyArray<readonly [command: string, what: string]>
}

const COLOR: Option = { name: 'no-color', text: 'no colours and no highlighting; NO_COLOR does the same, FORCE_COLOR the opposite' }
const VIEW: Option = {
  name: 'view',
  value: 'V',
  words: VIEWS,
  text: 'live: what just changed is highlighted. timeline: eight colours, from first to last change. confidence: how sure the model is of each token. plain: the finished text only'
}
const URL_OPTION: Option = { name: 'url', value: 'URL', text: 'use a server, as in http://127.0.0.1:8080' }
const KEY: Option = { name: 'api-key', value: 'KEY', text: "the server's key; better in the variable FEWSTEP_API_KEY, which no list of processes shows" }

const GENERATE: Command = {
  name: 'generate',
  summary: 'write text here, refined in place; no server needed',
  synopsis: '[OPTIONS] [PROMPT]',
  about: 'Continues the prompt, or writes freely without one. A prompt of - is read from standard input, as is one that a pipe or a file ' +
    'brings. In a terminal the text is refined in place. Elsewhere only the finished text is printed, prompt included, and progress goes to ' +
    'standard error where that is a terminal.',
  options: [
    { name: 'steps', value: 'N', text: "refinements (default: the model's own, mostly 8); 4..32: as many as there is time for" },
    { name: 'max-tokens', value: 'N', text: `length of the continuation in tokens (default: ${DEFAULT_MAX_TOKENS}, or what the model has room for)` },
    {
      name: 'block-length',
      value: 'N',
      text: `make the text in blocks of N tokens, one after another (default: at once, if the model has room for it, else ${DEFAULT_BLOCK_LENGTH})`
    },
    { name: 'template', value: 'TEXT', text: 'instead of a prompt: text with gaps to fill in, [[n]] for one of n tokens' },
    { name: 'seed', value: 'N', text: 'the same seed gives the same text (default: random)' },
    { name: 'n', value: 'N', text: `outputs side by side, up to ${MAX_OUTPUTS}; output i is drawn with seed + i` },
    { name: 'temperature', value: 'X', text: `0 (greedy) to ${MAX_TEMPERATURE}` },
    { name: 'top-k', value: 'N', text: 'only the N most probable tokens; 0: all' },
    { name: 'top-p', value: 'X', text: 'only the most probable tokens that together have probability X; 1: all' },
    { name: 'schedule', value: 'S', words: SCHEDULE_NAMES, text: `${SCHEDULE_NAMES.join(', ')}, or step sizes that sum to 1: 0.5,0.25,0.25` },
    { name: 'solver', value: 'S', words: SOLVERS, text: `${SOLVERS.join(', ')}; not for llada and dream models` },
    { name: 'jumps', value: 'J', words: JUMPS, text: `${JUMPS.join(', ')}: which positions jump in the same step` },
    { name: 'reveal-above', value: 'X', text: 'llada and dream: reveal what is surer than X at once; --steps is then the most that are taken' },
    { name: 'stop', value: 'TEXT', multiple: true, text: 'end the text before TEXT; may be given several times' },
    { name: 'stop-when-stable', text: 'take the last step as soon as hardly anything is expected to change' },
    { name: 'model', value: 'DIR', words: 'folder', text: "a model's folder (default: the first one of FEWSTEP_MODEL, or the embedded one); with --url a model's name" },
    VIEW,
    { name: 'record', value: 'FILE', words: 'file', text: 'keep every refinement with its time, for fewstep replay and the playground' },
    { name: 'json', text: 'print the answer of POST /v1/generate instead, with timeline and confidence' },
    URL_OPTION,
    KEY,
    COLOR
  ],
  examples: [
    ['fewstep generate "Once upon a time" --steps 8', 'in place, on this machine'],
    ['fewstep generate --template "The [[4]] was happy. [[12]] The end."', 'fill in gaps'],
    ['fewstep generate "The cat" --view timeline --seed 7', 'see which words came first'],
    ['echo "The cat" | fewstep generate --steps 4..32 > story.txt', 'in a script'],
    ['fewstep generate "The cat" --url http://127.0.0.1:8080 --record cat.json', 'by a server, and keep it']
  ]
}

const REPLAY: Command = {
  name: 'replay',
  summary: 'show a recorded generation again',
  synopsis: '[OPTIONS] FILE',
  about: 'Shows a recording of fewstep generate --record or of the playground, a JSON file or an HTML page that carries one, with the times ' +
    'at which its refinements came. Where standard output is no terminal, its finished text is printed at once. - is standard input.',
  words: 'file',
  options: [
    { name: 'speed', value: 'X', text: 'times as fast as it was (default 1), 0.01 to 1000' },
    VIEW,
    { name: 'json', text: 'print the answer of POST /v1/generate that it ended with' },
    COLOR
  ],
  examples: [
    ['fewstep replay cat.json --speed 0.25', 'slowly'],
    ['fewstep replay cat.html --view timeline', 'a page saved in the playground']
  ]
}

const SERVE: Command = {
  name: 'serve',
  summary: 'run the HTTP service',
  synopsis: '',
  about: 'Runs the HTTP service until SIGTERM or Ctrl-C; running generations finish first. It takes no options: its settings are environment variables.',
  options: [],
  more: async () => (await loadCode(() => import('./settings-help.js'))).settingsHelp(),
  examples: [
    ['fewstep serve', 'on http://127.0.0.1:8080'],
    ['FEWSTEP_MODEL=models/a,models/b PORT=9000 fewstep serve', 'two models on another port']
  ]
}

const KEY_COMMAND: Command = {
  name: 'key',
  summary: 'make a key for those who may use it',
  synopsis: 'new [--admin] NAME [>> FILE]',
  about: 'Makes a key at random. The line that lets it in is printed: append it to the file that FEWSTEP_API_KEYS_FILE names, which is read ' +
    'again when it changes. The key itself is shown once, on standard error, and kept nowhere.',
  words: ['new'],
  options: [{ name: 'admin', text: 'one that may load and unload models; also shown as FEWSTEP_ADMIN_KEYS has it' }],
  more: () => `Limits of its own may be added to the line:

  NAME SHA-256 requests=60 positions=200000 canvases=4

  requests=N      requests a minute, 0 for no limit
  positions=N     outputs x steps x padded length a minute
  canvases=N      outputs that are made at once
`,
  examples: [['fewstep key new alice >> keys', 'a key for alice'], ['fewstep key new --admin ops >> keys', 'one for who runs it']]
}

const DOCTOR: Command = {
  name: 'doctor',
  summary: 'say what is here, and whether the service would start',
  synopsis: '[OPTIONS]',
  about: 'Looks at Node, processor, memory, limits of the container, ONNX Runtime, CUDA, the models, what was measured for them, the port and the ' +
    'settings that are not the default: what a report of a fault needs. Values of secret settings are never shown. Exit code 1: the service would not start.',
  options: [{ name: 'json', text: 'the same for programs' }],
  examples: [['fewstep doctor', 'on this machine'], ['fewstep doctor --json > doctor.json', 'for a report']]
}

const CUDA: Command = {
  name: 'cuda',
  summary: 'fetch what the service needs to run on NVIDIA GPUs',
  synopsis: 'install [OPTIONS]',
  about: "Fetches ONNX Runtime's CUDA provider, of the very version of onnxruntime-node, and the libraries of CUDA 13 and cuDNN 9 that it needs, " +
    'as Python packages with known hashes, about 1.4 GB, and puts their libraries beside those of onnxruntime-node, where they are found without ' +
    'LD_LIBRARY_PATH. Only the driver is left to the system. What is there already is left alone, and what was broken off is gone on with. ' +
    'PIP_INDEX_URL names the package index, as for pip; without one --from takes what pip has fetched. They are fetched into a folder of ' +
    "FEWSTEP_CACHE_DIR and go from there when their libraries are out. NVIDIA's licences apply to its libraries.",
  words: ['install'],
  options: [
    { name: 'check', text: 'fetch nothing: say what is missing. Exit code 1: something is' },
    { name: 'from', value: 'DIR', words: 'folder', text: 'take the packages from a folder that pip download has filled' }
  ],
  examples: [['PIP_INDEX_URL=INDEX fewstep cuda install', 'on a machine with a driver'], ['fewstep cuda install --check', 'what is missing?']]
}

const INSPECT: Command = {
  name: 'inspect',
  summary: "say what a model's folder holds",
  synopsis: '[OPTIONS] MODEL',
  about: 'Shows the manifest, shape, size and precision of a model, inputs and operators of its graphs, facts of its tokenizer, and its files, ' +
    'checked against their hashes.',
  words: 'folder',
  options: [{ name: 'json', text: 'the same for programs' }],
  examples: [['fewstep inspect models/fewstep-stories', 'the embedded model']]
}

const BENCH: Command = {
  name: 'bench',
  summary: 'load a server, and say how it bore it',
  synopsis: '[OPTIONS]',
  about: 'Sends generations to a server. With --rate or --rates arrivals do not wait for answers (open loop), and latency is counted from when a ' +
    'request was due, so a server that stalls cannot hide what waited meanwhile. With --concurrency each of N clients asks again when it is ' +
    "answered (closed loop): the server's limit, not a user's latency. Ctrl-C ends the run and prints what was measured until then. Exit code 1: no " +
    'request was answered.',
  options: [
    { name: 'url', value: 'URL', text: 'the server (default http://127.0.0.1:8080); a path other than / replaces /v1/generate' },
    KEY,
    { name: 'rate', value: 'N', text: 'requests per second (default: 1)' },
    { name: 'rates', value: 'N,...', text: 'several rates, one after the other: a table, and with --plot a picture' },
    { name: 'concurrency', value: 'N', text: 'clients, instead of a rate' },
    { name: 'arrivals', value: 'A', words: ARRIVALS, text: 'poisson (default) or uniform' },
    { name: 'duration', value: 'S', text: 'seconds measured, at each rate (default 30)' },
    { name: 'warmup', value: 'S', text: 'seconds before, sent and not counted (default 0)' },
    { name: 'max-tokens', value: 'N,...', text: 'tokens to make (default 128); of several values each request takes one at random' },
    { name: 'steps', value: 'N,...', text: 'refinements (default 8); 4..32 is an elastic budget' },
    { name: 'prompts', value: 'FILE', words: 'file', text: 'one prompt a line, taken at random (default: free generation)' },
    { name: 'stream', text: 'server-sent events; the time to the first refinement is reported too' },
    { name: 'deadline-ms', value: 'N', text: 'sent with each request; goodput counts what was answered in time' },
    { name: 'good-within', value: 'MS', text: 'what goodput counts instead, and the server is not told' },
    { name: 'timeout', value: 'S', text: 'give a request up after so long (default 60)' },
    { name: 'max-in-flight', value: 'N', text: 'requests under way at once (default 1000); more are not sent, and counted as unsent' },
    { name: 'seed', value: 'N', text: 'the same seed sends the same requests at the same times (default 1)' },
    { name: 'plot', value: 'FILE', words: 'file', text: 'an SVG of latency against rate' },
    { name: 'json', text: 'the summary as JSON; of several rates a list' }
  ],
  examples: [
    ['fewstep bench --rate 5 --duration 30', 'is this rate borne?'],
    ['fewstep bench --rates 1,2,4,8 --good-within 2000 --plot latency.svg', 'how many a second?'],
    ['fewstep bench --concurrency 8', 'the most that it can do']
  ]
}

const COMPLETION: Command = {
  name: 'completion',
  summary: 'let a shell complete commands and options',
  synopsis: SHELLS.join('|'),
  about: 'Prints the script that a shell needs for it.',
  words: SHELLS,
  options: [],
  examples: [
    ['source <(fewstep completion bash)', 'in ~/.bashrc'],
    ['source <(fewstep completion zsh)', 'in ~/.zshrc, after compinit'],
    ['fewstep completion fish > ~/.config/fish/completions/fewstep.fish', 'once']
  ]
}

export const COMMANDS = {
  generate: GENERATE,
  serve: SERVE,
  replay: REPLAY,
  bench: BENCH,
  inspect: INSPECT,
  doctor: DOCTOR,
  cuda: CUDA,
  key: KEY_COMMAND,
  completion: COMPLETION
} as const satisfies Record<string, Command>

export type CommandName = keyof typeof COMMANDS

export function isCommand (name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}
