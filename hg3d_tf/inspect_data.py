"""Look at a prepared dataset: `python -m hg3d_tf.inspect_data --dataset=lspet --sheet=lspet.png`.

Prints a row of statistics for each split and what the build left out and why; --output keeps both
as JSON, --sheet draws examples with their labels.
"""

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string("dataset", None, "Dataset to look at: name or name/config.")
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_list("split", [], "Splits to look at [all].")
cli.DEFINE_png("sheet", None, "PNG for the contact sheet.")
flags.DEFINE_integer("count", 12, "Examples on the contact sheet, of the first split.", 1)
cli.DEFINE_path("output", None, "JSON file for the statistics.")


def main() -> None:
    """Print the statistics, write the JSON and the contact sheet."""
    cli.require(FLAGS.dataset, "dataset", "name a prepared dataset")
    cli.require_writable("output", "sheet")
    from hg3d_tf import files
    from hg3d_tf.data import input_pipeline, inspection, prepared
    from hg3d_tf.pictures import tables

    data_dir = input_pipeline.data_dir_of(FLAGS.data_dir)
    builder = prepared.load_builder(FLAGS.dataset, data_dir)
    skipped = inspection.skipped_examples(builder)
    statistics = {
        split: inspection.split_statistics(builder, split) | _left_out(skipped.get(split, {}))
        for split in _splits(builder)
    }
    print(tables.as_text(inspection.statistics_table(statistics)))
    if not FLAGS.split:  # those of which nothing is left are not among the builder's
        gone = {split: reasons for split, reasons in skipped.items() if split not in statistics}
        statistics |= {name: {"examples": 0} | _left_out(gone[name]) for name in gone if gone[name]}
    for split, values in statistics.items():
        for reason, count in values["skipped_by_reason"].items():
            first = ", ".join(skipped[split][reason][:3])
            print(f"{split}: {count} left out: {reason} ({first}{', ...' if count > 3 else ''})")
    if FLAGS.output:
        files.write_json(FLAGS.output, statistics)
    if FLAGS.sheet:
        examples = inspection.sample(builder, next(iter(statistics)), FLAGS.count)
        inspection.write_contact_sheet(examples, FLAGS.sheet)


def _left_out(reasons: dict[str, list[str]]) -> dict:
    """Return how many examples the build left out, and how many for each reason."""
    counts = {reason: len(names) for reason, names in reasons.items()}
    return {"skipped": sum(counts.values()), "skipped_by_reason": counts}


def _splits(builder) -> list[str]:
    there = [name for name, info in builder.info.splits.items() if info.num_examples]
    unknown = [split for split in FLAGS.split if split not in there]
    if unknown:
        raise cli.UserError(f"--split={unknown[0]}: {builder.name} has {', '.join(there)}")
    return FLAGS.split or there


if __name__ == "__main__":
    cli.run(main)
