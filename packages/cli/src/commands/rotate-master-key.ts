import { addTableOptions, loadOptions, readOptionFile, typedFlags } from '@postern/program'
import { type MasterKeyRotation, masterKeyRotationTable, type RotationStep, rotateMasterKey } from '@postern/server'
import type { Command } from 'commander'
import { programName } from '../program-name.ts'

interface RotateFlags {
  readonly config?: string
  readonly json?: boolean
}

/** Adds the options and the action of `postern config rotate-master-key`. */
export function configureRotateMasterKey(command: Command): void {
  command
    .description('Seals every key in the database of a stopped relay with another master key.')
    .option('--config <file>', 'YAML file of options')
    .option('--json', 'print one JSON object')
  addTableOptions(command, masterKeyRotationTable, ['data', 'masterKey', 'newMasterKey'])
  command.addHelpText('after', examples(programName())).action((flags: RotateFlags) => rotate(command, flags))
}

function examples(postern: string): string {
  return `
It works on the data folder of a relay that is stopped. Cut short at any point, it leaves a folder that either the old key
opens or the new one: run it again. It takes the options of \`${postern} server\` and reads the environment as it does.

Examples:
  ${postern} config rotate-master-key --data /var/lib/postern
  POSTERN_MASTER_KEY=@old.key POSTERN_NEW_MASTER_KEY=@new.key ${postern} config rotate-master-key --data /var/lib/postern`
}

async function rotate(command: Command, { config, json = false }: RotateFlags): Promise<void> {
  const { values } = loadOptions(masterKeyRotationTable, {
    flags: typedFlags(command, masterKeyRotationTable),
    env: process.env,
    ...(config !== undefined && { file: readOptionFile(config) }),
  })
  const { data: dataDir, masterKey, newMasterKey } = values
  const rotation = await rotateMasterKey({
    dataDir,
    ...(masterKey !== undefined && { masterKey }),
    ...(newMasterKey !== undefined && { newMasterKey }),
    ...(!json && { onStep: print }),
  })
  if (json) process.stdout.write(`${JSON.stringify({ dataDir, ...rotation })}\n`)
  if (masterKey !== undefined && newMasterKey === undefined) {
    process.stderr.write('postern: warning: start the relay without POSTERN_MASTER_KEY: the key is in its folder now\n')
  }
}

function print(step: RotationStep, rotation: MasterKeyRotation): void {
  for (const line of linesOf[step](rotation)) process.stdout.write(`${line}\n`)
}

const linesOf: { readonly [Step in RotationStep]: (rotation: MasterKeyRotation) => readonly string[] } = {
  keyWritten: ({ newKeyId, masterKeyFile }) => [
    masterKeyFile === undefined
      ? `New master key ${newKeyId}, as given.`
      : `New master key ${newKeyId}, written beside ${masterKeyFile}.`,
  ],
  sealed: ({ oldKeyId, documents }) => [
    oldKeyId === undefined
      ? 'An earlier run has sealed the documents with it.'
      : `${documents} documents sealed with it. Key ${oldKeyId} opens none of them any more.`,
  ],
  wiped: () => ['What the database still held under the old key is wiped.'],
  filed: ({ masterKeyFile, oldMasterKeyFile }) => [
    masterKeyFile === undefined
      ? 'Start the relay with the new key as POSTERN_MASTER_KEY.'
      : `The new key is in ${masterKeyFile}: start the relay.`,
    ...(oldMasterKeyFile === undefined
      ? []
      : [`The old one is kept in ${oldMasterKeyFile} for backups made before: delete it with the last of them.`]),
  ],
}
