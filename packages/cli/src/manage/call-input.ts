import type { Operation, OperationInput } from '@postern/management'
import { RelayError } from '@postern/protocol'
import type { FlagValues, ManagedCommand } from './managed-command.ts'

/** What the operation of a command takes, put together from its flags. */
export function callInput(command: ManagedCommand, values: FlagValues): OperationInput {
  const params: Record<string, string> = {}
  const query: Record<string, string> = {}
  let body: unknown = command.body
  for (const { long, to } of command.flags) {
    const value = values[long]
    if (value === undefined) continue
    const [place = '', ...path] = to.split('.')
    if (place === 'path') params[path.join('.')] = textOf(value)
    if (place === 'query') query[path.join('.')] = textOf(value)
    if (place === 'body') body = withMember(body, path, value)
  }
  return { params, query, ...(body !== undefined && { body }) }
}

/** In an address there is only text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function withMember(body: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value
  const members = (body ?? {}) as Readonly<Record<string, unknown>>
  return { ...members, [name]: withMember(members[name], rest, value) }
}

/**
 * The parameters of an operation's path, read from the id of a resource: `--ids` in place of names.
 * @throws {RelayError} InvalidConfiguration when the id is of something else
 */
export function idParameters(operation: Operation, id: string): Readonly<Record<string, string>> {
  const template = operation.path.split('/')
  const segments = id.trim().replace(/\/+$/, '').split('/')
  const tail = template.slice(segments.length)
  const fits =
    segments.length <= template.length &&
    tail.every((part) => !part.startsWith('{')) &&
    segments.every((segment, at) => {
      const part = template[at] ?? ''
      return part.startsWith('{') ? segment !== '' : part.toLowerCase() === segment.toLowerCase()
    })
  if (!fits) {
    const form = template.slice(0, template.findLastIndex((part) => part.startsWith('{')) + 1).join('/')
    throw new RelayError('InvalidConfiguration', { message: `--ids: "${id}" does not have the form ${form}` })
  }
  const named = template.flatMap((part, at) => (part.startsWith('{') ? [[part.slice(1, -1), segments[at] ?? '']] : []))
  return Object.fromEntries(named)
}
