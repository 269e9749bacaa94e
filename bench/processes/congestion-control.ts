import { execFileSync } from 'node:child_process'

const setting = 'net.ipv4.tcp_congestion_control'
const commandTimeoutMs = 10_000

/**
 * What new connections have. It decides much on loopback too: bbr sends by a clock where cubic sends at once.
 *
 * @param enter what comes before a command that is to run in another network.
 */
export function readCongestionControl(enter: readonly string[] = []): string {
  try {
    return sysctl(enter, '-n', setting)
  } catch {
    return 'unknown'
  }
}

/**
 * Gives it to new connections from now on.
 *
 * @throws {Error} that says whether it takes root, or what the kernel has instead.
 */
export function writeCongestionControl(name: string, enter: readonly string[] = []): void {
  try {
    // The kernel loads one that is a module by itself.
    sysctl(enter, '-q', '-w', `${setting}=${name}`)
  } catch (error) {
    if (process.geteuid?.() !== 0) {
      throw new Error(`--congestion sets ${setting} of this machine, which takes root.`, { cause: error })
    }
    throw new Error(`This kernel has no congestion control '${name}' (it has: ${readAvailable(enter)}).`, {
      cause: error,
    })
  }
}

/** Gives it to this machine until this process ends, whatever ends it; then it has what it had. @throws {Error} as {@link writeCongestionControl}. */
export function useCongestionControl(name: string): void {
  const before = readCongestionControl()
  writeCongestionControl(name)
  process.once('exit', () => writeCongestionControl(before))
}

function readAvailable(enter: readonly string[]): string {
  try {
    return sysctl(enter, '-n', 'net.ipv4.tcp_available_congestion_control')
  } catch {
    return 'unknown'
  }
}

function sysctl(enter: readonly string[], ...args: readonly string[]): string {
  const [program = '', ...rest] = [...enter, 'sysctl', ...args]
  // Debian keeps it where a user's PATH does not look.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
  return execFileSync(program, rest, { encoding: 'utf8', env, stdio: 'pipe', timeout: commandTimeoutMs }).trim()
}
