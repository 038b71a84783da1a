import PDFDocument from 'pdfkit'
import QRCode from 'qrcode'
import { readShare } from './share.ts'
import { checkWords, shareText } from './share-text.ts'

const MARGIN = 56
const QR_SIZE = 220

/**
 * A share as a sheet to print: what it is, a QR code, the same as text to type, and the check words. The PDF
 * holds a secret: it goes to the printer and nowhere else.
 *
 * @param envelope the share's envelope
 * @param dealtAt milliseconds since 1970
 */
export async function shareSheet(envelope: Uint8Array, dealtAt: number): Promise<Buffer> {
  const share = readShare(envelope)
  const date = new Date(dealtAt)
  const sheet = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    info: { Title: `Treuhand share of ${share.holder}`, CreationDate: date },
  })
  const pages: Buffer[] = []
  const printed = new Promise<Buffer>((resolve, reject) => {
    sheet.on('data', page => pages.push(page))
    sheet.on('end', () => resolve(Buffer.concat(pages)))
    sheet.on('error', reject)
  })
  sheet.font('Helvetica-Bold').fontSize(18).text('Treuhand: share of a root key')
  sheet.font('Helvetica').fontSize(11).moveDown()
  for (const [label, value] of [
    ['Custodian', share.origin],
    ['Holder', share.holder],
    ['Party', share.party],
    [
      'Needed',
      `${share.holdersNeeded} of ${share.holders} holders in ${share.partiesNeeded} of ${share.parties} parties`,
    ],
    ['Set', share.set.toString('hex')],
    ['Dealt', date.toISOString().slice(0, 10)],
  ])
    sheet.text(`${label}: ${value}`)
  sheet.moveDown()
  drawQr(sheet, shareText(envelope))
  sheet
    .font('Courier')
    .fontSize(11)
    .text(grouped(shareText(envelope)), MARGIN)
  sheet.moveDown().font('Helvetica').text('Check words, to compare with what the screen shows:')
  sheet.font('Helvetica-Bold').fontSize(14).text(checkWords(envelope).join('  '))
  sheet.moveDown().font('Helvetica').fontSize(10)
  sheet.text(
    'Whoever has enough of these sheets has the root key. Keep it in an envelope, in a safe, apart from the ' +
      'others. Prove it with "treuhand ceremony prove" before the ceremony counts. Never photograph it.',
  )
  sheet.end()
  return await printed
}

/** Squares on the page itself: no picture file lies anywhere. */
function drawQr(sheet: PDFKit.PDFDocument, text: string): void {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' })
  const unit = QR_SIZE / modules.size
  const top = sheet.y
  for (let row = 0; row < modules.size; row++)
    for (let column = 0; column < modules.size; column++)
      if (modules.get(row, column)) sheet.rect(MARGIN + column * unit, top + row * unit, unit, unit)
  sheet.fill('black')
  sheet.y = top + QR_SIZE + 16
}

/** Groups of five, eight to a line. */
function grouped(text: string): string {
  const [prefix, body] = [text.slice(0, 17), text.slice(17)]
  const groups = body.match(/.{1,5}/g) ?? []
  const lines = Array.from({ length: Math.ceil(groups.length / 8) }, (_, i) =>
    groups.slice(i * 8, i * 8 + 8).join(' '),
  )
  return [prefix, ...lines].join('\n')
}
