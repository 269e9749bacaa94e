import { isRelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { hcmVersion } from '../hcm-version.ts'
import { type AskFlags, addAskOptions, addExamples, clientOf, failWhenWrong, print } from './ask-service.ts'
import { formatService, formatStatus, formatStatuses } from './format-status.ts'

/** Adds `hcm status`. */
export function configureStatus(program: Command): void {
  const status = program
    .command('status')
    .description('Shows how the service and all, or one, are doing; fails when something is wrong.')
  addExamples(
    status,
    'hcm status',
    'hcm status db',
    "hcm status -o json | jq -r '.ConnectionInformations[] | select(.Problem) | .Name'",
  )
  addAskOptions(status)
    .argument('[name]', 'only this hybrid connection, with everything that is known of it')
    .option('--namespace <NAMESPACE>', 'namespace, where a name is there twice')
    .action(async (name: string | undefined, flags: AskFlags & { readonly namespace?: string }) => {
      const client = clientOf(flags)
      if (name === undefined) {
        const [service, statuses] = [await client.call('describe', {}), await client.call('list', {})]
        const text = `${formatService(service)}\n${formatStatuses(statuses)}`
        print(flags, { Service: service, ConnectionInformations: statuses }, text)
        failWhenWrong(statuses)
        return
      }
      const { namespace } = flags
      const status = await client.call('show', { name, ...(namespace !== undefined && { namespace }) })
      print(flags, status, formatStatus(status))
      failWhenWrong([status])
    })
}

/** Adds `hcm version`: this program's, and the service's when it runs. */
export function configureVersion(program: Command): void {
  addAskOptions(program.command('version').description('Shows the version of this program and of the service.')).action(
    async (flags: AskFlags) => {
      const own = hcmVersion()
      const service = await clientOf(flags)
        .call('describe', {})
        .then(
          ({ Version }) => Version,
          (error: unknown) => {
            // An older service knows no such question; one that does not run has no version.
            if (isRelayError(error, 'ConnectionFailed') || isRelayError(error, 'ResourceNotFound')) return undefined
            throw error
          },
        )
      const running =
        service === undefined ? 'no service answers' : service === own ? 'the service too' : `the service: ${service}`
      print(flags, { Version: own, ...(service !== undefined && { Service: service }) }, `hcm ${own} (${running})\n`)
    },
  )
}
