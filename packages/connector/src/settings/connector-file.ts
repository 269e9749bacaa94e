import { type OptionProblem, OptionsError, optionTableJsonSchema, readYaml, yamlFault } from '@postern/program'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { parseTarget } from '../names/endpoint-text.ts'
import { connectorOptionTable } from './option-table.ts'

const endpointSchema = z.strictObject({
  endpoint: z
    .string()
    .refine(
      (text) => parseTarget(text) !== undefined,
      'must be HOST:PORT, such as db.corp:5432, *.corp:443 or dns.corp:53U',
    )
    .optional()
    .meta({
      description: 'What programs open. Left out: what the hybrid connection says, if the key may ask for it.',
      examples: ['db.corp:5432', '*.corp:443', 'dns.corp:53U'],
    }),
  connectionString: z
    .string()
    .min(1)
    .meta({
      description: 'With EntityPath and a key that may send; @FILE (seen from this file) keeps the secret elsewhere.',
      examples: ['@db.secret'],
    }),
  framing: z.enum(['raw', 'azbridge']).optional().meta({ description: "Default: the connector's." }),
  portName: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: "What azbridge's preamble asks for. Default: the port.", examples: ['postgres'] }),
})

const endpointsSchema = z
  .array(endpointSchema)
  .meta({ description: 'Hybrid connections and the endpoints that they lead to.' })

/** One endpoint of a configuration file, as it stands there. */
export type FileEndpoint = Readonly<z.infer<typeof endpointSchema>>

/** A configuration file: endpoints, and raw values of options. */
export interface ConnectorFile {
  readonly path: string
  readonly endpoints: readonly FileEndpoint[]
  readonly values: Readonly<Record<string, unknown>>
  positionOf(name: string): string | undefined
}

/** Longer is no file of ours; thousands of endpoints fit. */
const maxLength = 4 * 1024 * 1024

/**
 * Reads a configuration file of the connector.
 *
 * @throws {OptionsError} InvalidConfiguration with every problem and its line and column
 */
export function parseConnectorFile(path: string, text: string): ConnectorFile {
  if (text.length > maxLength) throw new OptionsError([{ where: path, message: 'is too long: is it the right file?' }])
  const lines = new LineCounter()
  const refuse = (message: string): OptionsError => new OptionsError([{ where: path, message }])
  const document = readYaml(
    () => parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true }),
    refuse,
  )
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${line}:${col}`
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    throw new OptionsError(
      faults.map(({ pos, message }) => ({ where: `${path}:${at(pos[0])}`, message: yamlFault(message) })),
    )
  }
  const root = document.contents
  if (root !== null && !isMap(root)) throw new OptionsError([{ where: `${path}:1:1`, message: 'must be a map' }])
  const { endpoints = [], ...values } = (readYaml((): unknown => document.toJS({ maxAliasCount: 100 }), refuse) ??
    {}) as Record<string, unknown>
  const placeOf = (keys: readonly PropertyKey[]): string => {
    for (let depth = keys.length; depth > 0; depth -= 1) {
      const node: unknown = document.getIn(keys.slice(0, depth), true)
      if (hasRange(node)) return at(node.range[0])
    }
    return '1:1'
  }
  const read = endpointsSchema.safeParse(endpoints)
  if (!read.success) throw new OptionsError(read.error.issues.flatMap((issue) => problemsOf(issue, path, placeOf)))
  const keys = new Map(
    root?.items.flatMap(({ key }) => (isScalar(key) && key.range ? [[String(key.value), at(key.range[0])]] : [])),
  )
  return { path, endpoints: read.data, values, positionOf: (name) => keys.get(name) }
}

/** A JSON Schema of the configuration file, for editors. */
export function connectorFileJsonSchema(): Record<string, unknown> {
  const options = optionTableJsonSchema(connectorOptionTable, { title: 'Postern connector' })
  const { $schema: _, ...endpoints } = z.toJSONSchema(endpointsSchema)
  return { ...options, properties: { endpoints, ...(options['properties'] as object) } }
}

/** Values are never shown: secrets are among them. */
function problemsOf(
  issue: z.core.$ZodIssue,
  path: string,
  placeOf: (keys: readonly PropertyKey[]) => string,
): readonly OptionProblem[] {
  const keys = ['endpoints', ...issue.path]
  const name = keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1)
  const where = `${path}:${placeOf(keys)} ${name}`
  if (issue.code !== 'unrecognized_keys') return [{ where, message: issue.message }]
  const known = Object.keys(endpointSchema.shape).join(', ')
  return issue.keys.map((key) => ({ where, message: `has the unknown key ${JSON.stringify(key)}; there are ${known}` }))
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
}
