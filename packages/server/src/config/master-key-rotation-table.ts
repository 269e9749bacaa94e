import type { OptionTable } from '@postern/program'
import { optionTable } from './option-table.ts'

/** What `postern config rotate-master-key` takes besides the options of the relay. */
export const rotationOptionTable = {
  newMasterKey: {
    group: 'Changing the master key',
    env: 'POSTERN_NEW_MASTER_KEY',
    type: 'secret',
    help: 'The master key that shall open the database from now on. Without it a new one is made and kept in the file master.key in the data folder.',
    example: '@/run/secrets/postern-new-master-key',
  },
} as const satisfies OptionTable

/** All options of that command: it reads the same file and environment as the relay, to find its folder and key. */
export const masterKeyRotationTable: typeof optionTable & typeof rotationOptionTable = {
  ...optionTable,
  ...rotationOptionTable,
}
