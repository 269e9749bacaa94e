import {
  askConnector,
  Connector,
  type ConnectorSettings,
  checkWayIn,
  demandEndpoints,
  diagnoseConnector,
  type EndpointDiagnosis,
} from '@postern/connector'
import { type DoctorReport, doctorExitCode, formatReports, reportsJson, silentLogger } from '@postern/program'
import type { Command } from 'commander'
import { networkOf } from './network-of.ts'
import { wantsJson } from './output.ts'
import { hasOwnSettings, settingsOf } from './settings-flags.ts'

/** An app or a relay says which endpoints there are in this time, or not at all; the rest of 15 s is for the hops. */
const learnTimeoutMs = 2_000

/** Looks at every hop from here to the services of all endpoints. */
export async function doctorCommand(command: Command): Promise<void> {
  const settings = settingsOf(command)
  const found = hasOwnSettings(command)
    ? await diagnoseAlone(settings)
    : await askConnector(settings.stateFolder, 'doctor', {})
  const reports = await Promise.all(found.map(withWayIn))
  process.stdout.write(wantsJson(command) ? reportsJson(reports) : formatReports(reports, process.stdout.columns))
  process.exitCode = doctorExitCode(reports)
}

async function diagnoseAlone(settings: ConnectorSettings): Promise<readonly EndpointDiagnosis[]> {
  demandEndpoints(settings)
  const { endpoints, apps, options } = settings
  const { framing } = options
  const proxy = await networkOf(settings)
  const shared = { endpoints, apps, framing, proxy, tls: options.tls ? {} : false, listen: false } as const
  await using connector = new Connector({ ...shared, logger: silentLogger })
  await connector.start()
  await connector.settled(AbortSignal.timeout(learnTimeoutMs))
  // Not before: the connector ends when this function is left.
  return await diagnoseConnector(connector)
}

/** Names are looked up here, as the programs of whoever asks do. */
async function withWayIn({ report, host, address }: EndpointDiagnosis): Promise<DoctorReport> {
  if (host === '') return report
  const startedAtMs = performance.now()
  const finding = await checkWayIn({ host, address })
  const ms = Math.round(performance.now() - startedAtMs)
  return { ...report, hops: [{ hop: 'way-in', ms, ...finding }, ...report.hops] }
}
