import type { BoxedMask } from '../pixels/boxed-mask.ts';
import type { Box, Mask, Raster } from '../pixels/raster.ts';
import type { Carried } from './container.ts';
import type { Header } from './vips/header.ts';
import type { Cut, Source } from './vips/read.ts';
import type { Patch } from './vips/write.ts';

/**
 * All that the project knows of a file format. `formats.ts` lists the formats.
 *
 * The prover must not trust the writer: it derives what may have changed from the mask.
 */
export interface Format {
  /** The name in requests, manifests and headers. */
  readonly name: string;
  readonly mediaType: string;
  /** The extension of output objects, without the dot. */
  readonly extension: string;
  /** True when the first bytes are those of this format. */
  readonly isSignature: (bytes: Uint8Array) => boolean;
  /**
   * Refuses files that libvips would misread, or read only in part.
   *
   * @throws {EditError} `KIND_UNSUPPORTED`; `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE` for a damaged container.
   */
  readonly inspect?: (bytes: Uint8Array) => void;
  /** True when a mask of this format went through a codec that adds noise around edges. */
  readonly isLossyMask?: (bytes: Uint8Array, carrier: 'luma' | 'alpha') => boolean;
  /**
   * Reads a photo to its end where `patch` would come upon damage, so that it is told before a model is
   * asked.
   *
   * @throws {EditError} `IMAGE_TRUNCATED` or `IMAGE_UNREADABLE`.
   */
  readonly check?: (photo: Source) => Promise<Checked>;
  /**
   * A small file of the same kind with the pixels of one stored box, where that takes less time than to
   * decode the photo down to it. `undefined`: there is none.
   */
  readonly cut?: (photo: Source, box: Box) => Cut | undefined;
  /** Why this format cannot hold a picture of another format; `undefined` when it can. */
  readonly refusal?: (header: Header) => string | undefined;
  /** Distance from a patch, in pixels, up to which writer and prover use the pixels around it. */
  readonly reachPx: number;
  /**
   * Writes the photo with its patches in this format. Metadata that the edit makes untrue are dropped.
   *
   * @throws {EditError} the reason why the file cannot be edited in place, when `isStrict`.
   */
  readonly patch: (job: PatchJob) => Promise<Written>;
  /**
   * Compares everything outside the mask with the photo, reading the bytes that were really written.
   *
   * @throws {EditError} `NOT_EXACT` when anything differs that must not. Nothing is published then.
   */
  readonly prove: (job: ProofJob) => Promise<Proof>;
  /** For `jpegBlocks: inside`: limits a mask to whole blocks. Only for formats that store blocks. */
  readonly wholeBlocks?: (photo: Source) => WholeBlocks;
}

export interface Checked {
  /** What decoders warn of beside the header, in sentences. */
  readonly notes: readonly string[];
}

/** Limits a mask, at `box` of the displayed picture, to the blocks that lie inside it as a whole. */
export type WholeBlocks = (mask: Mask, box: Box) => Mask;

/** A patch with the decoded pixels around it, if known. Boxes are those of the displayed picture. */
export interface PlacedPatch extends Patch {
  readonly around?: { readonly box: Box; readonly raster: Raster } | undefined;
}

/** What the prover may know of a patch: not its new pixels. */
export type ProvedPatch = Pick<PlacedPatch, 'box' | 'around'>;

export interface PatchJob {
  readonly photo: Source;
  /** Patches share no pixel. */
  readonly patches: readonly PlacedPatch[];
  /** A model painted the patches: the file is marked, as IPTC asks. */
  readonly isGenerated: boolean;
  /** The encoding that the request asks for; `undefined` edits the file in place where possible. */
  readonly encoding: Encoding | undefined;
  /** Refuse a file that cannot be edited in place, rather than encode it again. */
  readonly isStrict?: boolean;
}

export interface Encoding {
  /** 1 to 100, for JPEG. */
  readonly quality?: number;
}

export interface ProofJob {
  readonly photo: Source;
  readonly written: Written;
  readonly patches: readonly ProvedPatch[];
  /** The effective mask of the displayed picture; 0 = must not have changed. */
  readonly mask: BoxedMask;
  /** Pixels that share a block with the mask must not differ either. */
  readonly isStrict?: boolean;
}

export interface Written extends Pick<Carried, 'dropped' | 'notes'> {
  readonly bytes: Uint8Array;
  /** True when only the changed JPEG blocks, or the changed part of the PNG stream, were encoded again. */
  readonly isSpliced: boolean;
  /** Why a JPEG was encoded again, which changes pixels everywhere. */
  readonly reason?: string;
}

/** The result of comparing an output with its input. Counts are decoded pixels outside the effective mask. */
export interface Proof {
  /**
   * `exact`: no pixel differs. `touched-blocks`: only pixels that share a block of JPEG coefficients with the
   * mask differ. `re-encoded`: the JPEG was encoded again, which changes pixels everywhere.
   */
  readonly outside: 'exact' | 'touched-blocks' | 're-encoded';
  readonly comparedPixels: number;
  readonly differingPixels: number;
  /** Why a JPEG was encoded again. */
  readonly reason?: string;
}
