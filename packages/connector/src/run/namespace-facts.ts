import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NamespaceFacts } from './why-no-namespace.ts'

/** The programs that are needed, and Debian's packages of them. */
const packageOf: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
}

/** Where the programs are looked for: Debian does not give `/usr/sbin`, where `ip` may be, to everybody. */
export function pathOfPrograms(path = process.env['PATH'] ?? ''): string {
  return [path, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].filter((part) => part !== '').join(':')
}

/** Looks at this system after namespaces could not be made; `said` is what the programs said. */
export function readNamespaceFacts({ said, ownNetwork }: { said: string; ownNetwork: boolean }): NamespaceFacts {
  const needed = { ...packageOf, ...(ownNetwork && { ip: 'iproute2' }) }
  return {
    platform: process.platform,
    isRoot: process.geteuid?.() === 0,
    missingPrograms: Object.fromEntries(Object.entries(needed).filter(([program]) => !isOnPath(program))),
    hasUserNamespaces: existsSync('/proc/self/ns/user'),
    maxUserNamespaces: readNumber('/proc/sys/user/max_user_namespaces'),
    unprivilegedClone: readNumber('/proc/sys/kernel/unprivileged_userns_clone'),
    apparmorRestricts: readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    isFiltered: /^Seccomp:\s*2$/m.test(readText('/proc/self/status')),
    said,
  }
}

function isOnPath(program: string): boolean {
  return pathOfPrograms()
    .split(':')
    .some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

function readNumber(file: string): number | undefined {
  const text = readText(file).trim()
  return text === '' ? undefined : Number(text)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
