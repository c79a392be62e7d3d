/**
 * Where memory runs out, the kernel shall end a session worker rather than the service: a worker is replaced and its step runs again, while
 * with the service all requests are lost. Any process may offer itself; where there is no such file there is no such choice.
 */
import { writeFileSync } from 'node:fs'

/** Added to the share of memory that it uses, in thousandths: a worker goes before a service that uses half of the memory more than it. */
const SCORE = 500

try {
  writeFileSync('/proc/self/oom_score_adj', String(SCORE))
} catch {}
