package org.tensorflow.lite;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Map;

/**
 * Stands in for LiteRT's class of this name, whose library is made for phones alone: the methods are
 * declared as there. It answers with what LiteRT's Python gave for the same input: `FILE.d` holds raw
 * numbers, `SIGNATURE.NAME.in` and `.out`, and an input that is another is refused.
 */
public final class Interpreter {
  public static class Options {
    public Options setNumThreads(int count) {
      return this;
    }
  }

  private final File folder;

  public Interpreter(File modelFile, Options options) {
    folder = new File(modelFile.getPath() + ".d");
  }

  public void runSignature(Map<String, Object> inputs, Map<String, Object> outputs, String key) {
    for (Map.Entry<String, Object> input : inputs.entrySet()) {
      ByteBuffer wanted = read(key + "." + input.getKey() + ".in");
      walk(input.getValue(), wanted, false);
      end(wanted, input.getKey());
    }
    for (Map.Entry<String, Object> output : outputs.entrySet()) {
      ByteBuffer known = read(key + "." + output.getKey() + ".out");
      walk(output.getValue(), known, true);
      end(known, output.getKey());
    }
  }

  public Tensor getInputTensorFromSignature(String inputName, String key) {
    int numbers = read(key + "." + inputName + ".in").remaining() / Float.BYTES;
    int side = (int) Math.round(Math.sqrt(numbers / 3.0));
    return () -> new int[] {1, side, side, 3};
  }

  private ByteBuffer read(String name) {
    try {
      byte[] content = Files.readAllBytes(new File(folder, name).toPath());
      return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException error) {
      throw new IllegalArgumentException("there is no " + name, error);
    }
  }

  /** Fills an array of any depth, or compares it. */
  private static void walk(Object array, ByteBuffer numbers, boolean fills) {
    for (int i = 0; i < Array.getLength(array); i++) {
      if (!(array instanceof float[])) {
        walk(Array.get(array, i), numbers, fills);
      } else if (fills) {
        Array.setFloat(array, i, numbers.getFloat());
      } else if (Math.abs(Array.getFloat(array, i) - numbers.getFloat()) > 1e-6) {
        throw new IllegalArgumentException("the input is another");
      }
    }
  }

  private static void end(ByteBuffer numbers, String name) {
    if (numbers.hasRemaining()) throw new IllegalArgumentException(name + " is too short");
  }
}
