import { entityChecks, type LearnedEntity, relayAccessOf, resultsOfWay, senderChecks } from '@postern/bridge'
import { broken, type DoctorReport, fine, type HopResult, runChecks } from '@postern/program'
import type { Connector } from '../connector.ts'
import { formatTarget } from '../names/endpoint-text.ts'
import type { Route } from '../routes/route.ts'

/** The way from a connector to one endpoint, and where programs find it. */
export interface EndpointDiagnosis {
  readonly report: DoctorReport
  readonly host: string
  /** Where the connector listens for it. */
  readonly address?: string
}

/** All together: people wait for it. */
const deadlineMs = 12_000

/** Looks at every hop from a connector to its endpoints, up to the service at the far end. */
export async function diagnoseConnector(connector: Connector): Promise<readonly EndpointDiagnosis[]> {
  const signal = AbortSignal.timeout(deadlineMs)
  const known = new Map<string, Promise<readonly HopResult[]>>()
  const { awaited } = connector
  const { problems } = connector.status
  const found = await Promise.all(connector.routes.map((route) => diagnoseRoute(route, { known, signal })))
  const hops = [
    ...problems.map((problem) => sourceHop(problem, 'Correct the connection string or the credential of the app.')),
    ...awaited.map((subject) => sourceHop(`${subject} has not answered`, silenceHelp)),
  ]
  if (hops.length === 0) return found
  return [{ report: { subject: 'where endpoints come from', hops }, host: '' }, ...found]
}

const silenceHelp =
  'Can it be reached from here, by this proxy? Of what it would have named nothing could be looked at.'

function sourceHop(problem: string, fix: string): HopResult {
  return { hop: 'configuration', ms: 0, ...broken(problem, fix) }
}

async function diagnoseRoute(
  route: Route,
  tour: { readonly known: Map<string, Promise<readonly HopResult[]>>; readonly signal: AbortSignal },
): Promise<EndpointDiagnosis> {
  const { spec, place, address, relayOptions, status } = route
  const access = relayAccessOf(relayOptions)
  const learned: LearnedEntity = {}
  const open = async (signal: AbortSignal): Promise<string> => {
    if (spec.protocol === 'udp') return 'not tried: UDP says nothing until it is used'
    ;(await route.open({ signal })).on('error', () => {}).destroy()
    return "the listener took a stream, which Postern's do when their service answers"
  }
  const checks = [...entityChecks(access, learned), ...senderChecks(access, { open })]
  const own =
    status.problem === undefined
      ? fine(`by ${spec.origin}`)
      : broken(status.problem, 'postern connector status says more.')
  const prior = [{ hop: 'configuration' as const, ms: 0, ...own }, ...(await resultsOfWay(access, tour))]
  const hops = await runChecks(checks, { signal: tour.signal, prior })
  const subject = `${formatTarget(spec)} by ${place.path} at ${place.host}:${place.port}`
  return { report: { subject, hops }, host: spec.host, ...(address !== undefined && { address }) }
}
