import { isUnsafe, safeJson } from '@postern/program'

/** A result as YAML. A text with controls is quoted, so that its escapes mean what they say. */
export async function formatYaml(result: unknown): Promise<string> {
  const { Document, isScalar, Scalar, visit } = await import('yaml')
  const document = new Document(result, { aliasDuplicateObjects: false })
  visit(document, {
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === 'string' && isUnsafe(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return safeJson(document.toString({ lineWidth: 0 }))
}
