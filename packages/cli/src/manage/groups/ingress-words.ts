import { isManagementError, ManagementError } from '@postern/management'

/** Members of an ingress entry that have a flag of another form; all others are the flag in camel case. */
const renamed: Readonly<Record<string, string>> = { clientAuthorityPem: 'client-authority' }

const plainMembers = 'sni|hosts|tls|certificate|allow|users|access|framing|target|protocol|address|port'
const camelMembers =
  'clientAuthorityPem|hybridConnection|portName|proxyProtocol|trustedProxies|maxConnections|maxConnectionsPerSource|connectionsPerSecondPerSource'

/** The relay speaks of members and their values, as they stand in a file. Words such as "port" are English elsewhere. */
const withValue = new RegExp(`\\b(${plainMembers}|${camelMembers}): (\\[[^\\]]*\\])?`, 'g')
const asSubject = new RegExp(`^(${plainMembers}) (?=is |has |cannot |would |sign)`)
const asGuard = /\b(users|oidc) (?=\(with )|(?<=\(with )(hosts)\b/g
const anywhere = new RegExp(`\\b(${camelMembers})\\b`, 'g')

/** Says a refusal of the relay in the flags of `postern relay ingress`. */
export function inFlags(text: string): string {
  return text
    .replace(withValue, (_, member: string, list?: string) => `${flagOf(member)} ${itemsOf(list)}`)
    .replace(asSubject, (_, member: string) => `${flagOf(member)} `)
    .replace(asGuard, (whole: string) => whole.replace(/\w+/, flagOf))
    .replace(anywhere, flagOf)
}

/** Makes a call, whose refusals are told in flags. */
export async function tellingFlags<T>(calling: Promise<T>): Promise<T> {
  try {
    return await calling
  } catch (error) {
    if (!isManagementError(error) || error.status !== 400) throw error
    const { code, status, requestId } = error
    const told = { message: inFlags(error.message), status, cause: error }
    throw new ManagementError(code, { ...told, ...(requestId !== undefined && { requestId }) })
  }
}

function flagOf(member: string): string {
  return `--${renamed[member] ?? member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `["a", "b"]` as one types it. */
function itemsOf(list: string | undefined): string {
  return list === undefined ? '' : list.slice(1, -1).replaceAll(/"|,(?= )/g, '')
}
