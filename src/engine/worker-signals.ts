/**
 * A session worker's signals, in force before it loads anything else. The pool decides when a worker goes: what a terminal
 * sends (Ctrl-C, or that it was closed) reaches the whole process group and must not end a running step; SIGUSR1 would
 * open a debugger, through which every local user could run code; and SIGUSR2 is meant for the service.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => {})
