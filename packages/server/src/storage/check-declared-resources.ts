import type { z } from 'zod'
import { type DeclarationProblem, invalidDeclaration } from './declaration-problem.ts'
import { declaredResourcesSchema, type ResourcesDeclaration, resourcesJsonSchema } from './declared-resources-schema.ts'
import { nearestName } from './nearest-name.ts'

/** Checks a value of unknown form, and says of each thing that is wrong what to write instead. */
export function checkDeclaredResources(
  value: unknown,
): { readonly declaration: ResourcesDeclaration } | { readonly problems: readonly DeclarationProblem[] } {
  const checked = declaredResourcesSchema.safeParse(value)
  if (checked.success) return { declaration: checked.data }
  const schema = resourcesJsonSchema()
  return { problems: checked.error.issues.flatMap((issue) => describe(issue, valueAt(value, issue.path), schema)) }
}

/**
 * Takes a value for declared resources, for those that are given by a program and stand in no file.
 * @throws {RelayError} InvalidConfiguration with all problems, a line each: path, what to write instead.
 */
export function toDeclaration(value: unknown): ResourcesDeclaration {
  const checked = checkDeclaredResources(value)
  if ('problems' in checked) throw invalidDeclaration(checked.problems)
  return checked.declaration
}

function describe(issue: z.core.$ZodIssue, found: unknown, schema: JsonSchema): DeclarationProblem[] {
  const { path } = issue
  const node = schemaAt(schema, path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], isKey: true, message: describeUnknownKey(key, node) }))
    case 'invalid_type':
      return [{ path, message: describeType(issue.expected, found, path, node) }]
    case 'invalid_value':
      return [{ path, message: describeChoice(found, issue.values.map(String)) }]
    case 'too_small':
      return [
        {
          path,
          message:
            issue.origin === 'array' || issue.origin === 'string'
              ? 'must not be empty'
              : `must be at least ${issue.minimum}`,
        },
      ]
    case 'too_big':
      return [{ path, message: `must be at most ${issue.maximum}${unitOf(issue.origin)}` }]
    default:
      return [{ path, message: issue.message }]
  }
}

function describeUnknownKey(key: string, node: JsonSchema): string {
  const known = Object.keys(node.properties ?? {})
  const meant = nearestName(key, known)
  return meant === undefined ? `unknown key; there are ${known.join(', ')}` : `unknown key; did you mean ${meant}?`
}

function describeType(expected: string, found: unknown, path: readonly PropertyKey[], node: JsonSchema): string {
  const [example] = node.examples ?? []
  const key = path.at(-1)
  const line =
    example === undefined
      ? ''
      : `; write for example ${typeof key === 'string' ? `${key}: ` : ''}${JSON.stringify(example)}`
  if (found === undefined || found === null) return `is missing${line}`
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) {
    return `must be a text, not ${found}; put it in quotes: "${found}"`
  }
  return `must be ${typeNames.get(expected) ?? expected}${line}`
}

function describeChoice(found: unknown, choices: readonly string[]): string {
  const meant = typeof found === 'string' ? nearestName(found, choices) : undefined
  return `must be one of ${choices.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

const typeNames: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['boolean', 'true or false'],
  ['int', 'a whole number'],
  ['number', 'a number'],
  ['array', 'a list: lines that begin with "- ", or [..]'],
  ['object', 'a mapping: lines of "key: value", or {..}'],
])

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long'
  return origin === 'array' ? ' entries' : ''
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly examples?: readonly unknown[]
}

function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema {
  let node: JsonSchema | undefined = schema
  for (const part of path) node = typeof part === 'number' ? node?.items : mappingOf(node)?.properties?.[String(part)]
  return mappingOf(node) ?? {}
}

/** Of a text or a mapping, the mapping: only that has keys to tell of. */
function mappingOf(node: JsonSchema | undefined): JsonSchema | undefined {
  return node?.anyOf?.find(({ properties }) => properties !== undefined) ?? node
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value
  for (const part of path) found = typeof found === 'object' && found !== null ? Reflect.get(found, part) : undefined
  return found
}
