interface Tokens {
  readonly promptTokenCount: number;
  readonly candidatesTokensDetails: readonly { readonly modality: string; readonly tokenCount: number }[];
  readonly thoughtsTokenCount?: number;
  readonly trafficType: string;
}

/** By the price list of `gemini-nano-banana-2.1`. */
const perToken = { input: 1.5e-6, text: 7.5e-6, image: 30e-6 };

/**
 * What Google would write on its bill for answers, by what each says that it used; an answer without usage
 * is none.
 *
 * @param share of the list price; that of the traffic of each answer when left out.
 */
export function billOf(usages: readonly unknown[], share?: number): number {
  return usages.reduce<number>((sum, usage) => {
    if (usage === undefined) return sum;
    const {
      promptTokenCount,
      candidatesTokensDetails,
      thoughtsTokenCount = 0,
      trafficType,
    } = usage as Tokens;
    const out = candidatesTokensDetails.map(
      ({ modality, tokenCount }) => tokenCount * (modality === 'IMAGE' ? perToken.image : perToken.text),
    );
    const usd = promptTokenCount * perToken.input + thoughtsTokenCount * perToken.text;
    const own = share ?? (trafficType === 'ON_DEMAND_FLEX' ? 0.5 : 1);
    return sum + own * out.reduce((all, one) => all + one, usd);
  }, 0);
}
