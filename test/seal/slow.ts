/** `SLOW=1` multiplies the property tests, as a nightly run does. */
export const SLOW = process.env['SLOW'] === '1'
