import {
  applyNetworkFlags,
  type DoctorReport,
  doctorExitCode,
  formatReports,
  networkFlagTable,
  reportsJson,
} from '@postern/program'
import { isRelayError } from '@postern/protocol'
import { type Command, Option } from 'commander'
import type { DoctorWish } from '../control/control-operations.ts'
import { type AskFlags, addAskOptions, clientOf } from './ask-service.ts'

interface DoctorFlags extends AskFlags {
  readonly namespace?: string
  readonly targetTls: boolean
  readonly json?: true
  readonly proxy?: string
  readonly tlsCa: readonly string[]
  readonly tls: boolean
}

/** Adds `hcm doctor`. */
export function configureDoctor(program: Command): void {
  const { proxy, tlsCa } = networkFlagTable
  addAskOptions(
    program
      .command('doctor')
      .description('Looks at every hop from here to relay and target; says which is broken, and what to do.'),
  )
    .argument('[name]', 'only this hybrid connection')
    .option('--namespace <NAMESPACE>', 'namespace, where a name is there twice')
    .option('--target-tls', 'the target must speak TLS with a certificate that is trusted here', false)
    .option('--json', 'the same as --output json')
    .option(proxy.flags, `${proxy.help}; when no service runs`)
    .addOption(
      new Option(tlsCa.flags, `${tlsCa.help}; when no service runs`)
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([], 'none'),
    )
    .option('--no-tls', 'relays with --tls off; when no service runs')
    .addHelpText('after', examples)
    .action(async (name: string | undefined, flags: DoctorFlags) => {
      const { namespace, targetTls: demandsTls } = flags
      const wish = { demandsTls, ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) }
      const reports = await ask(wish, flags)
      process.stdout.write(
        flags.json || flags.output === 'json' ? reportsJson(reports) : formatReports(reports, process.stdout.columns),
      )
      process.exitCode = doctorExitCode(reports)
    })
}

/** The service looks by itself where it runs: with its own proxy, authorities and user. */
async function ask(wish: DoctorWish, flags: DoctorFlags): Promise<readonly DoctorReport[]> {
  try {
    return await clientOf(flags).call('doctor', wish)
  } catch (error) {
    // ResourceNotFound: it is older and knows no doctor, or the name is none; the state says which.
    if (!isRelayError(error, 'ConnectionFailed') && !isRelayError(error, 'ResourceNotFound')) throw error
    return diagnoseHere(wish, flags)
  }
}

async function diagnoseHere(wish: DoctorWish, flags: DoctorFlags): Promise<readonly DoctorReport[]> {
  const { diagnoseFolder } = await import('../doctor/diagnose-state.ts')
  const proxy = await applyNetworkFlags(flags)
  return diagnoseFolder(flags.stateDir, wish, { tls: flags.tls ? {} : false, proxy })
}

const examples = `
It ends with 0 when nothing is broken, otherwise with a code for the first hop that is. In less than 15 s.

Examples:
  hcm doctor
  hcm doctor db
  hcm doctor db --target-tls
  hcm doctor --json | jq '.reports[].hops[] | select(.state == "failed")'`
