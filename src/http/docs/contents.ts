/** The documents at /docs, in the order in which they are listed. */

export interface Document {
  /** In its address. */
  readonly name: string
  /** In the repository: Markdown, or a text that is shown as it is. */
  readonly source: string
  readonly title: string
  readonly about: string
}

export interface Group {
  readonly title: string
  readonly documents: readonly Document[]
}

export const GROUPS: readonly Group[] = [
  {
    title: 'Begin',
    documents: [
      { name: 'readme', source: 'README.md', title: 'What it is', about: 'In one page: what it does, how it is run, asked, loaded and configured.' },
      { name: 'quickstart', source: 'docs/quickstart.md', title: 'Quickstart', about: 'From a clone to a text coming into focus, and to the first requests.' },
      { name: 'playground', source: 'docs/playground.md', title: 'The playground', about: 'What the page at / shows, keeps and compares.' },
      { name: 'terminal', source: 'docs/terminal.md', title: 'In a terminal', about: 'The fewstep command: write, replay, load a server, find out what is wrong.' }
    ]
  },
  {
    title: 'Ask',
    documents: [
      { name: 'api', source: 'docs/api.md', title: 'Every route', about: 'Routes, fields, errors and headers, each with an example and its answer.' },
      { name: 'budgets', source: 'docs/budgets.md', title: 'Budgets', about: 'What steps buy; elastic budgets, deadlines, schedules.' },
      { name: 'streaming', source: 'docs/streaming.md', title: 'Streaming', about: 'Draw the refinements yourself, in twenty lines.' },
      { name: 'client', source: 'docs/client.md', title: 'The typed client', about: 'For Node and browsers: generate, stream, record.' },
      { name: 'score', source: 'docs/score.md', title: 'Scores', about: 'How probable texts are, and choices in a template.' },
      { name: 'coming-from', source: 'docs/coming-from.md', title: 'Coming from OpenAI, vLLM or TGI', about: 'What stays the same, and what does not.' },
      { name: 'kserve', source: 'docs/kserve.md', title: 'KServe', about: "The same models for clients of KServe's protocol." }
    ]
  },
  {
    title: 'Run',
    documents: [
      { name: 'operations', source: 'docs/operations.md', title: 'Operations', about: 'Starting, stopping, keys and limits, logs, metrics, upgrades.' },
      { name: 'settings', source: '.env.example', title: 'Settings', about: 'Every setting with its default.' },
      { name: 'sizing', source: 'docs/sizing.md', title: 'Sizing', about: 'From one measurement to how many machines.' },
      { name: 'cuda', source: 'docs/cuda.md', title: 'On NVIDIA GPUs', about: 'Installing the provider, the graph in 16 bits, memory and time.' },
      { name: 'deploy', source: 'deploy/README.md', title: 'Deployment', about: 'Kubernetes, KServe, Prometheus, compose.' },
      { name: 'performance', source: 'docs/performance.md', title: 'Performance', about: 'How fast it is, how that was measured, what limits it.' },
      { name: 'reliability', source: 'docs/reliability.md', title: 'Reliability', about: 'What was done to it, and what it bore.' },
      { name: 'security', source: 'docs/security.md', title: 'Security', about: 'What it withstands, and what is left to you.' },
      { name: 'reporting', source: 'SECURITY.md', title: 'Reporting a hole', about: 'Whom to tell, and what to expect.' }
    ]
  },
  {
    title: 'Models',
    documents: [
      { name: 'model-card', source: 'models/fewstep-stories/MODEL_CARD.md', title: 'The embedded model', about: 'What it was trained on, and what it is for.' },
      { name: 'evaluation', source: 'models/fewstep-stories/EVALUATION.md', title: 'Its evaluation', about: 'Beside relatives and real text, with plots.' },
      { name: 'training', source: 'docs/training.md', title: 'Training and importing', about: 'Your own models, and published checkpoints.' },
      { name: 'experiments', source: 'train/EXPERIMENTS.md', title: 'Experiments', about: 'What was tried for the embedded model, and how it turned out.' }
    ]
  },
  {
    title: 'Inside',
    documents: [
      { name: 'architecture', source: 'docs/architecture.md', title: 'Architecture', about: 'The design, and why it is so.' },
      { name: 'dependencies', source: 'docs/dependencies.md', title: 'Dependencies', about: 'What it depends on, and why.' },
      { name: 'contributing', source: 'CONTRIBUTING.md', title: 'Contributing', about: 'How to change it.' },
      { name: 'changelog', source: 'CHANGELOG.md', title: 'Changes', about: 'What is new in which version.' }
    ]
  }
]

export const ALL_DOCUMENTS: readonly Document[] = GROUPS.flatMap(({ documents }) => documents)

const BY_SOURCE = new Map(ALL_DOCUMENTS.map((document) => [document.source, document]))

/** @param source in the repository */
export function documentOf (source: string): Document | undefined {
  return BY_SOURCE.get(source)
}
