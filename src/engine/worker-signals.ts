/**
 * A session worker's signals, in force before it loads anything else. The pool decides when a worker goes: what a terminal
 * sends (Ctrl-C, or that it was closed) reaches the whole process group and must not end a running step; and SIGUSR1 would
 * open a debugger, through which every local user could run code.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {})
