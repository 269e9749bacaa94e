import { type JsonSchema, shapePrefix } from '../packages/server/src/management/openapi/route-shapes.ts'

/** Writes the TypeScript type of what a JSON Schema allows. Limits of length and size have no type. */
export function typescriptShape(schema: JsonSchema, indent = ''): string {
  if (typeof schema['$ref'] === 'string') return schema['$ref'].slice(shapePrefix.length)
  if ('const' in schema) return JSON.stringify(schema['const']).replace(/^"(.*)"$/, "'$1'")
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choices)) return union(choices.map((choice: JsonSchema) => typescriptShape(choice, indent)))
  if (Array.isArray(schema['allOf'])) {
    return schema['allOf'].map((part: JsonSchema) => typescriptShape(part, indent)).join(' & ')
  }
  if (Array.isArray(schema['enum'])) return union(schema['enum'].map((value) => typescriptShape({ const: value })))
  if (Array.isArray(schema['type'])) {
    return union(schema['type'].map((type: string) => typescriptShape({ ...schema, type }, indent)))
  }
  return plainShape(schema, indent)
}

function plainShape(schema: JsonSchema, indent: string): string {
  switch (schema['type']) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
      return schema['type']
    case 'integer':
      return 'number'
    case 'array': {
      const item = typescriptShape((schema['items'] ?? {}) as JsonSchema, indent)
      return item.includes('|') ? `readonly (${item})[]` : `readonly ${item}[]`
    }
    case 'object':
      return objectShape(schema, indent)
    default:
      return 'unknown'
  }
}

function objectShape(schema: JsonSchema, indent: string): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>)
  if (properties.length === 0) {
    const others = schema['additionalProperties']
    const value =
      typeof others === 'object' && others !== null ? typescriptShape(others as JsonSchema, indent) : 'unknown'
    return `Readonly<Record<string, ${value}>>`
  }
  const required = new Set((schema['required'] ?? []) as readonly string[])
  const inner = `${indent}  `
  const members = properties.map(([name, property]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name).replace(/^"(.*)"$/, "'$1'")
    const { description } = property
    const meaning = typeof description === 'string' ? `${inner}/** ${description.replaceAll('*/', '* /')} */\n` : ''
    return `${meaning}${inner}readonly ${key}${required.has(name) ? '' : '?'}: ${typescriptShape(property, inner)}\n`
  })
  return `{\n${members.join('')}${indent}}`
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}
