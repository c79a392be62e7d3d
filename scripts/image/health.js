/** The image's HEALTHCHECK: exit code 0 while the service on this container's PORT answers that it lives, else 1. */
const url = `http://127.0.0.1:${process.env.PORT ?? 8080}/health/live`
const alive = await fetch(url, { signal: AbortSignal.timeout(2500) }).then(({ ok }) => ok, () => false)
process.exit(alive ? 0 : 1)
