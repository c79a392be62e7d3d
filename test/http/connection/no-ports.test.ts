/** A network whose ports are all taken. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { withFewPorts } from '../../support/namespace.js'

const INSIDE = fileURLToPath(new URL('../../support/ports-gone.ts', import.meta.url))
const PORTS = 16

t.test('where no port is left: who is connected is served, spans are lost with a line in the log, a service on any port does not start', { skip: process.platform !== 'linux' }, async (t) => {
  const [program = '', ...args] = withFewPorts([process.execPath, '--import', 'tsx', INSIDE, String(PORTS)], PORTS)
  const { stdout } = await promisify(execFile)(program, args)
  const { said, ...seen } = JSON.parse(stdout) as { readonly said: string }
  t.match(JSON.parse(said), { level: 40, err: { message: /EADDRNOTAVAIL/ } })
  t.same(seen, {
    taken: [PORTS, PORTS],
    ports: PORTS,
    status: '200',
    spansMeanwhile: 0,
    another: {
      ended: [1, null],
      stderr: 'fewstep: PORT 0 asks for any free port, and there is none: name one, or widen net.ipv4.ip_local_port_range\n'
    },
    ended: [0, null],
    stderr: ''
  })
})
