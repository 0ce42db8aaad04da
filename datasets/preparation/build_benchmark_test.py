import pytest

from preparation.build_benchmark import decode_alone, measure, repeat_video, write_video


@pytest.mark.slow
def test_it_measures_rates_ratios_and_memory():
    result = measure(num_frames=12, repeats=1, times=2)
    assert result["every_frame_ratio"] < 1 and result["every_frame_frames_per_second"] > 0
    # A longer video takes no more memory than the frames of a few of its groups of pictures.
    growth = result["peak_memory_2_times_as_long_mib"] - result["peak_memory_mib"]
    assert 0 <= growth < 50


@pytest.mark.slow
def test_a_repeated_video_has_all_frames(tmp_path):
    write_video(tmp_path / "a.mp4", 13)
    repeat_video(tmp_path / "a.mp4", 3, tmp_path / "b.mp4")
    assert decode_alone(tmp_path / "b.mp4") == 39
