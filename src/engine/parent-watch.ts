/**
 * A session worker does not outlive the process that started it, however that one ends. Native code holds the event loop
 * while it loads or runs a graph, so nothing there would notice; a thread of its own does: a process that loses its parent
 * gets another one. In force before anything else is loaded.
 */
import { Worker } from 'node:worker_threads'

const INTERVAL_MS = 500

/** In JavaScript whatever this file is in: the thread shall not wait for a loader. */
const PROGRAM = `
const { workerData: { parent, intervalMs } } = require('node:worker_threads')
const look = () => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }
look()
setInterval(look, intervalMs)
`

/** As the parent said it: it may be gone already. */
const parent = Number(process.argv[3])

new Worker(PROGRAM, { eval: true, execArgv: [], workerData: { parent, intervalMs: INTERVAL_MS } }).unref()
