import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isOwnUnit, unitName } from './systemd-unit.ts'

/** A unit of our name that lies on the system. */
export interface InstalledUnit {
  readonly path: string
  /** `own`: written by `hcm service install`. `package`: by a package of ours. `masked`: forbidden by root. */
  readonly kind: 'own' | 'package' | 'masked' | 'foreign'
}

const ownFolder = 'etc/systemd/system'
/** systemd.unit(5): the first that there is counts. */
const folders = [ownFolder, 'usr/local/lib/systemd/system', 'usr/lib/systemd/system', 'lib/systemd/system']

/** Finds the unit that systemd takes, in a folder that stands for /. */
export function findInstalledUnit(root = '/'): InstalledUnit | undefined {
  for (const folder of folders) {
    const path = join(root, folder, unitName)
    const entry = lstatSync(path, { throwIfNoEntry: false })
    if (!entry) continue
    if (entry.isSymbolicLink()) return { path, kind: readlinkSync(path) === '/dev/null' ? 'masked' : 'foreign' }
    if (!isOwnUnit(readFileSync(path, 'utf8'))) return { path, kind: 'foreign' }
    return { path, kind: folder === ownFolder ? 'own' : 'package' }
  }
  return undefined
}
