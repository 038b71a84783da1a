import { parentPort, workerData } from 'node:worker_threads'
import forge from 'node-forge'

/** The key as PEM, or why there is none. */
export type P12Answer =
  | { readonly key: string }
  | { readonly failed: 'wrong-passphrase' | 'no-rsa-key' | 'too-slow' }

function read(file: Uint8Array, passphrase: string): P12Answer {
  try {
    const asn1 = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(file).toString('latin1')))
    const p12 = forge.pkcs12.pkcs12FromAsn1(asn1, true, passphrase)
    const { pkcs8ShroudedKeyBag: shrouded, keyBag: plain } = forge.pki.oids as Record<string, string>
    const bags = [shrouded!, plain!].flatMap(bagType => p12.getBags({ bagType })[bagType] ?? [])
    // forge knows RSA alone: another key comes as none.
    const key = bags.find(bag => bag.key)?.key
    return key ? { key: forge.pki.privateKeyToPem(key) } : { failed: 'no-rsa-key' }
  } catch {
    return { failed: 'wrong-passphrase' }
  }
}

const { file, passphrase } = workerData as { file: Uint8Array; passphrase: string }
parentPort!.postMessage(read(file, passphrase))
