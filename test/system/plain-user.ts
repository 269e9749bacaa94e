import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `daemon` of every Debian: without a home, a password or a right. */
const uid = 1

/** A user without any right of root; programs run as it when the words of `wrapper` stand before them. */
export interface PlainUser {
  readonly uid: number
  /** It may not read what this user keeps for itself. */
  readonly isAnother: boolean
  readonly wrapper: readonly string[]
  /** Belongs to the user; to be removed by the test. */
  readonly folder: string
}

/**
 * Finds a user without rights: this one, or for root another one. Where the other one may not read this repository, it is root
 * without a capability and under another number.
 */
export function findPlainUser(): PlainUser {
  const folder = mkdtempSync(join(tmpdir(), 'postern-user-'))
  if (process.getuid?.() !== 0) return { uid: process.getuid?.() ?? 0, isAnother: false, wrapper: [], folder }
  const become = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--']
  if (run([...become, 'cat', fileURLToPath(import.meta.url)]).status !== 0) {
    return {
      uid,
      isAnother: false,
      wrapper: ['unshare', '--user', `--map-user=${uid}`, `--map-group=${uid}`, '--'],
      folder,
    }
  }
  chownSync(folder, uid, uid)
  return { uid, isAnother: true, wrapper: become, folder }
}

/** Why namespaces of a user cannot be tested here; undefined when they can. */
export function lackOfNamespaces({ wrapper }: PlainUser): string | undefined {
  const { status, stderr } = run([...wrapper, 'unshare', '-Umn', '--map-current-user', '--keep-caps', 'true'])
  return status === 0 ? undefined : stderr.trim()
}

function run([program = '', ...args]: readonly string[]): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(program, args, { encoding: 'utf8' })
}
