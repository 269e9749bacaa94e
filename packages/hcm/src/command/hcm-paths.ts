import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where an HCM keeps its state unless it is told: by `POSTERN_HCM_DIR`, else where the system keeps such things. */
export function defaultStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { POSTERN_HCM_DIR: folder, ProgramData: programData, XDG_STATE_HOME: stateHome } = env
  if (folder) return folder
  if (process.platform === 'win32') return join(programData ?? 'C:\\ProgramData', 'Postern', 'hcm')
  if (process.getuid?.() === 0) return '/var/lib/postern-hcm'
  return join(stateHome || join(homedir(), '.local', 'state'), 'postern-hcm')
}
