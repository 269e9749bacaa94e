import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { tenantId } from '../domain/tenant.ts'
import type { AdministratorAccess } from './administrator.ts'

/** Name of the file in the data folder. */
const fileName = 'bootstrap-admin.json'

/** Where the access of the administrator is kept after the first start. Its owner may move or delete it. */
export function administratorFile(dataDir: string): string {
  return join(dataDir, fileName)
}

/** Writes the file for its owner alone, complete or not at all. */
export async function writeAdministratorFile(dataDir: string, access: AdministratorAccess): Promise<void> {
  const path = administratorFile(dataDir)
  const draft = `${path}.${process.pid}.new`
  const facts = { tenantId, clientId: access.clientId, clientSecret: access.clientSecret.reveal() }
  const file = await open(draft, 'w', 0o600)
  try {
    // The mode above holds for a new file only.
    await file.chmod(0o600)
    await file.writeFile(`${JSON.stringify(facts, null, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
