import { StoreUnavailable } from '../errors.ts'

export class XmlElement {
  readonly name: string
  /** Character data; empty where there are children. */
  readonly text: string
  readonly children: readonly XmlElement[]

  constructor(name: string, text: string, children: readonly XmlElement[]) {
    this.name = name
    this.text = text
    this.children = children
  }

  all(name: string): XmlElement[] {
    return this.children.filter(child => child.name === name)
  }

  /** @throws StoreUnavailable where it stands twice: two readers could take different ones */
  optional(name: string): XmlElement | undefined {
    let found: XmlElement | undefined
    for (const child of this.children) {
      if (child.name !== name) continue
      if (found !== undefined) throw brokenXml(`<${this.name}> holds two <${name}>`)
      found = child
    }
    return found
  }

  one(name: string): XmlElement {
    const child = this.optional(name)
    if (child === undefined) throw brokenXml(`<${this.name}> lacks <${name}>`)
    return child
  }
}

export const brokenXml = (why: string) => new StoreUnavailable('protocol', `its XML is refused: ${why}`)
