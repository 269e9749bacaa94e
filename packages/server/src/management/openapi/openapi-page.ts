import type { Route } from '../route.ts'
import { openApiDocument } from './openapi-document.ts'

/** `/openapi.json` of the management door: the document of this relay's own route table, for everybody. */
export class OpenApiPage {
  readonly contentType = 'application/json'
  readonly #make: () => string
  #text: string | undefined

  constructor(routes: readonly Route[], options: { readonly version: string }) {
    this.#make = () => JSON.stringify(openApiDocument(routes, options))
  }

  /** Made at the first request, not while the relay starts, and kept: routes do not change. */
  render(): Promise<{ readonly status: number; readonly text: string }> {
    this.#text ??= this.#make()
    return Promise.resolve({ status: 200, text: this.#text })
  }
}
