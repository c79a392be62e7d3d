/** Commands with mounts, processes and a network of their own, which vanish with them: small disks, process 1 and few ports. */
import { spawnSync } from 'node:child_process'

/** Whoever is not root becomes it there. */
const OWN = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])]
const OWN_MOUNTS = [...OWN, '--mount']

/**
 * The command with its standard output in a file on a disk of its own, of 64 kB. From outside the disk is
 * `/proc/PID/root` + `SMALL_DISK`, the file `log` on it. The process id stays.
 * @param free bytes that are left on the disk; file `filler` takes the rest
 * @throws Error where this machine does not let us mount
 */
export function onSmallDisk (command: readonly string[], free = SMALL_DISK_BYTES): string[] {
  assertAllowed()
  return [...OWN_MOUNTS, 'sh', '-c', `${smallDisk(free)} && exec "$@" > ${SMALL_DISK}/log`, 'sh', ...command]
}

/**
 * The command with a disk of its own, of 64 kB, that is full, or that nobody may write to, at `SMALL_DISK`. The process id stays.
 * @throws Error where this machine does not let us mount
 */
export function besideDisk (command: readonly string[], how: 'full' | 'read-only'): string[] {
  assertAllowed()
  const script = how === 'full' ? smallDisk(0) : `${smallDisk(SMALL_DISK_BYTES)} && mount -o remount,ro ${SMALL_DISK}`
  return [...OWN_MOUNTS, 'sh', '-c', `${script} && exec "$@"`, 'sh', ...command]
}

function smallDisk (free: number): string {
  return `mount -t tmpfs -o size=${SMALL_DISK_BYTES} tmpfs ${SMALL_DISK} && head -c ${SMALL_DISK_BYTES - free} /dev/zero > ${SMALL_DISK}/filler`
}

/**
 * The command in a network of its own, which has the loopback interface alone, and so many ports for connections that name none.
 * The process id stays.
 */
export function withFewPorts (command: readonly string[], ports: number): string[] {
  const script = `ip link set lo up && echo "40000 ${40_000 + ports - 1}" > /proc/sys/net/ipv4/ip_local_port_range && exec "$@"`
  return [...OWN, '--net', 'sh', '-c', script, 'sh', ...command]
}

export const SMALL_DISK = '/mnt'
export const SMALL_DISK_BYTES = 65_536

/**
 * The command as process 1 of a namespace, as in a container: signals that it does not handle are lost. It is the child of
 * the process that is started.
 * @throws Error where this machine does not let us
 */
export function asProcessOne (command: readonly string[]): string[] {
  assertAllowed()
  return [...OWN_MOUNTS, '--pid', '--fork', '--mount-proc', '--kill-child', ...command]
}

function assertAllowed (): void {
  const [program = '', ...args] = [...OWN_MOUNTS, '--pid', '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', SMALL_DISK]
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) {
    throw new Error('this test needs a small disk and a process 1 of its own: Linux with unshare and mount (util-linux), as root or with ' +
      `unprivileged user namespaces (in Docker: --cap-add SYS_ADMIN): ${error?.message ?? stderr.trim()}`)
  }
}
