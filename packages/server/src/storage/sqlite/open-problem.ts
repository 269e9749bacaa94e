import { dirname } from 'node:path'
import { RelayError } from '@postern/protocol'
import type { SqliteProblem } from './sqlite-messages.ts'

/** Says what prevents a database from being opened, and what to do. */
export function openProblem(problem: SqliteProblem, databaseFile: string, masterKeyId = ''): RelayError {
  const message = explain(problem, databaseFile, masterKeyId)
  return new RelayError('InvalidConfiguration', { message })
}

function explain(problem: SqliteProblem, databaseFile: string, keyId: string): string {
  const dataDir = dirname(databaseFile)
  switch (problem.reason) {
    case 'locked':
      return `The data folder ${dataDir} is in use by another Postern relay. Stop that one, or give this one a folder of its own with --data.`
    case 'foreign':
      return `${databaseFile} is the database of another program. Choose another data folder with --data.`
    case 'newer':
      return `The data folder ${dataDir} was written by a newer release of Postern. Run that release or a later one, or restore a copy of the folder made before the upgrade.`
    case 'masterKey':
      return `The data folder ${dataDir} was made with master key ${problem.message}, but ${keyId} was given. Give the first one.`
    case 'failed':
      return `The database ${databaseFile} cannot be opened: ${problem.message}. Check that this user may write there and that the disk is not full; a damaged database is replaced by a copy.`
  }
}
