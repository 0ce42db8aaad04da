package org.tensorflow.lite;

/** What the README's code asks of a tensor, declared as LiteRT declares it. */
public interface Tensor {
  int[] shape();
}
