/** A report as it can be sent to others: without account ids, access keys and addresses. Ids of what is gone say nothing. */
export function publishable(text: string): string {
  return text
    .replace(/(?<![\w.])\d{12}(?!\w)/g, "ACCOUNT")
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, "KEY")
    .replace(/(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])/g, "ADDRESS")
    .replace(/(arn:[\w-]+:(?:iam|sts):\w*:ACCOUNT:[\w-]+)\/[^\s"',)]+/g, "$1/NAME");
}
