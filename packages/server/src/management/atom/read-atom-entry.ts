import { Secret } from '@postern/program'
import { isRight, RelayError, type Right } from '@postern/protocol'
import type { WantedRule } from '../../domain/authorization-rule.ts'
import { atomNamespace, connectNamespace } from './atom-namespaces.ts'
import { readXml, type XmlElement } from './read-xml.ts'

/** What an entry asks for; whether that may be is decided where it is written. */
export interface AtomEntry {
  readonly requiresClientAuthorization?: boolean
  readonly userMetadata?: string
  readonly rules?: readonly WantedRule[]
}

/** Bytes of an entry: the longest metadata and twelve rules take a sixth of this. */
export const maxAtomEntryBytes: number = 64 * 1024

/**
 * Reads the Atom entry of a hybrid connection as NamespaceManager and scripts write it. Members may come in any order, what
 * we do not know is skipped, as are dates and counts: those are ours to say.
 * @throws {RelayError} RequestContentInvalid
 */
export function readAtomEntry(bytes: Uint8Array): AtomEntry {
  const entry = readXml(bytes)
  if (entry.local !== 'entry' || entry.uri !== atomNamespace)
    throw invalid(`The body must be an entry of ${atomNamespace}`)
  const content = child(entry, 'content', atomNamespace)
  const description = content && child(content, 'HybridConnectionDescription')
  if (!description) {
    throw invalid(`The entry must have a content with a HybridConnectionDescription of ${connectNamespace}`)
  }
  const requiresClientAuthorization = readBoolean(description, 'RequiresClientAuthorization')
  const userMetadata = child(description, 'UserMetadata')?.text
  const rules = child(description, 'AuthorizationRules')?.children.map(readRule)
  return {
    ...(requiresClientAuthorization !== undefined && { requiresClientAuthorization }),
    ...(userMetadata !== undefined && { userMetadata }),
    ...(rules && { rules }),
  }
}

function readRule(element: XmlElement): WantedRule {
  // `i:type` is a qualified name; its prefix is whatever the writer chose.
  const type = element.instance.get('type')?.split(':').at(-1) ?? ruleType
  const claim = child(element, 'ClaimType')?.text.trim() ?? sharedAccessKey
  if (element.local !== 'AuthorizationRule' || type !== ruleType || claim !== sharedAccessKey) {
    throw invalid(`AuthorizationRules can only hold an AuthorizationRule of type ${ruleType}, claim ${sharedAccessKey}`)
  }
  const name = child(element, 'KeyName')?.text.trim()
  if (name === undefined) throw invalid('KeyName is missing in an AuthorizationRule')
  return {
    name,
    rights: child(element, 'Rights')?.children.map(readRight) ?? [],
    primaryKey: readKey(element, 'PrimaryKey'),
    secondaryKey: readKey(element, 'SecondaryKey'),
  }
}

const ruleType = 'SharedAccessAuthorizationRule'
const sharedAccessKey = 'SharedAccessKey'

function readRight({ local, text }: XmlElement): Right {
  const right = text.trim()
  if (local !== 'AccessRights' || !isRight(right))
    throw invalid('Rights can hold AccessRights of Listen, Send or Manage')
  return right
}

function readKey(element: XmlElement, name: 'PrimaryKey' | 'SecondaryKey'): Secret | undefined {
  const text = child(element, name)?.text.trim()
  return text === undefined || text === '' ? undefined : new Secret(text)
}

/** XML Schema part 2, section 3.2.2. */
function readBoolean(element: XmlElement, name: string): boolean | undefined {
  const text = child(element, name)?.text.trim()
  if (text === undefined) return undefined
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw invalid(`${name} must be true or false`)
}

/** The one child of a name; undefined when there is none, or when it says that it is nothing (`i:nil`). */
function child(element: XmlElement, name: string, uri = connectNamespace): XmlElement | undefined {
  const [found, second] = element.children.filter((each) => each.local === name && each.uri === uri)
  if (second) throw invalid(`${name} is there twice`)
  const nil = found?.instance.get('nil')
  return nil === 'true' || nil === '1' ? undefined : found
}

function invalid(message: string): RelayError {
  return new RelayError('RequestContentInvalid', { message })
}
