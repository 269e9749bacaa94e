import { Secret } from '@postern/program'
import type { DeviceRequest } from '../device-codes.ts'
import type { SignInProblem } from '../sign-in.ts'
import { codeForm, consentForm, devicePage, type ShownRequest } from './device-page-html.ts'
import type { IdentityParts } from './identity-parts.ts'
import type { IdentityReply, IdentityRequest } from './identity-request.ts'

/** Longest name or password that is looked at. */
const maxFieldLength = 1024

/**
 * `/device`: where a person signs in for a program that waits elsewhere. Two steps: the code, then who asks, with name and
 * password. No cookie is set, so there is nothing that another site could make use of: every step carries all that it needs.
 */
export async function devicePageEndpoint(parts: IdentityParts, request: IdentityRequest): Promise<IdentityReply> {
  const { form, query } = request
  if (request.method !== 'POST') {
    return devicePage({ status: 200, title: 'Sign in on a device', content: codeForm(query.get('user_code') ?? '') })
  }
  if (isFromElsewhere(request)) return startAgain(403, 'The form was sent by another site.')
  const code = form?.get('user_code') ?? ''
  const waitMs = parts.codeThrottle.admit(guessBy(request))
  if (waitMs > 0) return startAgain(429, `Too many wrong codes. Wait ${Math.ceil(waitMs / 60_000)} minutes.`)
  const asked = parts.deviceCodes.find(code)
  if (form === undefined || asked === undefined) {
    return startAgain(400, 'There is no such code, or it has run out. Compare it, or start the program again.')
  }
  parts.codeThrottle.takeBack(guessBy(request))
  switch (form.get('action')) {
    case 'allow':
      return await allow({ parts, request, form, asked })
    case 'deny':
      return deny(parts, request, asked)
    default:
      return consentPage({ status: 200, asked: shown(parts, asked, request) })
  }
}

/** Whatever the code: each network has its own guesses, and a right one in between buys no more of them. */
function guessBy({ address }: IdentityRequest): { readonly name: string; readonly address: string } {
  return { name: address, address }
}

/** Browsers say where a form was sent from; programs say nothing. Only the host counts: a proxy may have ended TLS. */
function isFromElsewhere({ headers, origin }: IdentityRequest): boolean {
  const sentFrom = headers['origin']
  if (headers['sec-fetch-site'] === 'cross-site') return true
  if (typeof sentFrom !== 'string') return false
  return !URL.canParse(sentFrom) || new URL(sentFrom).host !== new URL(origin).host
}

async function allow(step: {
  readonly parts: IdentityParts
  readonly request: IdentityRequest
  readonly form: URLSearchParams
  readonly asked: DeviceRequest
}): Promise<IdentityReply> {
  const { parts, request, form, asked } = step
  const name = (form.get('name') ?? '').trim().slice(0, maxFieldLength)
  const secret = new Secret((form.get('password') ?? '').slice(0, maxFieldLength + 1))
  const result = await parts.signIn.byPassword({ name, secret, address: request.address })
  const event = { grant: 'device_page', name, address: request.address }
  if ('problem' in result) {
    parts.onSignIn({ ...event, result: 'failed', reason: result.problem })
    const { status, text } = problems[result.problem]
    return consentPage({ status, problem: text, asked: shown(parts, asked, request), name })
  }
  const { principal, credentialId } = result
  const answer = { principalId: principal.id, credentialId }
  if (!parts.deviceCodes.answer(asked.userCode, answer)) return startAgain(400, 'The code has run out meanwhile.')
  parts.onSignIn({
    ...event,
    principalId: principal.id,
    result: 'succeeded',
    reason: `allowed client ${asked.clientId}`,
  })
  const content = '<p>The program goes on by itself. You can close this page.</p>'
  return devicePage({ status: 200, title: 'You are signed in', content })
}

function deny(
  parts: IdentityParts,
  { address }: IdentityRequest,
  { userCode, clientId }: DeviceRequest,
): IdentityReply {
  parts.deviceCodes.answer(userCode, 'declined')
  parts.onSignIn({ grant: 'device_page', name: '', address, result: 'failed', reason: `denied client ${clientId}` })
  const content = '<p>The program is told that you have declined. You can close this page.</p>'
  return devicePage({ status: 200, title: 'Denied', content })
}

const problems: Readonly<Record<SignInProblem, { readonly status: number; readonly text: string }>> = {
  credentials: { status: 401, text: 'Name or password is wrong.' },
  expired: { status: 401, text: 'This secret has run out. Use a newer one.' },
  disabled: { status: 403, text: 'This account is disabled.' },
  throttled: { status: 429, text: 'Too many failed sign-ins. Wait a few minutes.' },
  busy: { status: 503, text: 'Too many people sign in at this moment. Try again.' },
}

function startAgain(status: number, problem: string): IdentityReply {
  return devicePage({ status, title: 'Sign in on a device', problem, content: codeForm() })
}

function consentPage(page: {
  readonly status: number
  readonly problem?: string
  readonly asked: ShownRequest
  readonly name?: string
}): IdentityReply {
  const { status, problem, asked, name } = page
  const content = consentForm(asked, name)
  return devicePage({ status, title: 'Allow this program?', content, ...(problem !== undefined && { problem }) })
}

function shown({ audiences }: IdentityParts, asked: DeviceRequest, { origin }: IdentityRequest): ShownRequest {
  const { userCode, clientId, address, audience, staysSignedIn } = asked
  const client = knownClients.get(clientId) ?? clientId
  const plane = staysSignedIn ? 'both' : (audiences.kindOf(audience) ?? 'management')
  return { userCode, client, address, plane, host: new URL(origin).host }
}

/** Programs of Microsoft whose ids people cannot know by heart. Nothing proves that it is them, so the id stays in view. */
const knownClients: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'Azure CLI': '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    'Azure PowerShell': '1950a258-227b-4e31-a9cf-717495945fc2',
  }).map(([name, id]) => [id, `says that it is ${name} (${id})`]),
)
