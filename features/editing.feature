Feature: Editing an image
  What a customer asks for is done in the order of the pipeline, to every frame.

  Background:
    Given Ada is signed in

  Rule: Sizes are those a viewer sees

    Scenario Outline: Fitting a 1600x1000 photo into a box
      When she uploads a 1600x1000 photo with the processing options <options>
      Then the result is <size>

      Examples:
        | options                                                      | size      |
        | {"resize": "800x600"}                                        | 800x500   |
        | {"resize": "800x"}                                           | 800x500   |
        | {"resize": "x250"}                                           | 400x250   |
        | {"resize": "50%"}                                            | 800x500   |
        | {"resize": "800x600!"}                                       | 800x600   |
        | {"resize": "800x600^"}                                       | 960x600   |
        | {"resize": "800x600#"}                                       | 800x600   |
        | {"resize": {"width": 800, "height": 600, "fit": "contain"}}  | 800x600   |
        | {"resize": "3200x2000"}                                      | 1600x1000 |
        | {"crop": {"width": 400, "height": 300}}                      | 400x300   |
        | {"crop": {"aspectRatio": "1:1"}}                             | 1000x1000 |
        | {"rotate": 90}                                               | 1000x1600 |
        | {"resize": "800x600", "rotate": 90}                          | 500x800   |

    Scenario Outline: Smaller fast, or with more care
      When she uploads a 1600x1000 photo with the processing options <options>
      Then the result is 320x200
      And the result looks like the photo

      Examples:
        | options                                                              |
        | {"resize": "320x200"}                                                |
        | {"resize": "320x200", "sampling": "fast"}                            |
        | {"resize": "320x200", "sampling": "quality"}                         |
        | {"pipeline": [{"op": "resize", "width": 320}], "sampling": "quality"} |

    Scenario Outline: A photo taken with the camera held sideways stands upright
      When she uploads a photo whose EXIF orientation is <orientation>
      Then the result looks upright

      Examples:
        | orientation |
        | 1           |
        | 3           |
        | 6           |
        | 8           |

  Rule: Operations run in the order given

    Scenario: The long form says the order
      When she uploads a 1600x1000 photo with these processing options
        """
        {
          "version": 1,
          "pipeline": [
            {"op": "rotate", "angle": 90},
            {"op": "resize", "width": 500},
            {"op": "grayscale"}
          ],
          "output": {"format": "webp", "quality": 70}
        }
        """
      Then the result is 500x800
      And the result is a webp
      And the result has no colour

    Scenario Outline: A cut keeps what matters
      When she uploads a 1600x1000 photo with the processing options <options>
      Then the result is <size>

      Examples:
        | options                                                                                                              | size     |
        | {"resize": {"width": 300, "height": 300, "fit": "cover", "gravity": "attention"}}                                    | 300x300  |
        | {"resize": {"width": 300, "height": 300, "fit": "cover", "gravity": "focus", "focus": {"x": 0.9, "y": 0.5}}}         | 300x300  |
        | {"crop": {"aspectRatio": "1:1", "gravity": "entropy"}}                                                               | 1000x1000 |
        | {"resize": {"width": 200, "dpr": 2}}                                                                                 | 400x250  |

  Rule: Filters do what their names say

    Scenario Outline: A filter changes the picture as expected
      When she uploads a photo with the processing options <options>
      Then the result is <look>

      Examples:
        | options               | look                    |
        | {"grayscale": true}   | without colour          |
        | {"blur": 5}           | softer than the photo   |
        | {"sharpen": 2}        | crisper than the photo  |
        | {"flip": "horizontal"} | mirrored left to right |
        | {"filters": ["negate"]} | its negative |
        | {"filters": ["pixelate:20"]} | softer than the photo |
        | {"filters": ["sepia"]} | brown |

    Scenario Outline: A frame makes the picture grow
      When she uploads a 1600x1000 photo with the processing options <options>
      Then the result is <size>

      Examples:
        | options                                                                   | size      |
        | {"pipeline": [{"op": "pad", "all": 50}]}                                  | 1700x1100 |
        | {"pipeline": [{"op": "pad", "left": "10%", "extendWith": "blur"}]}        | 1760x1000 |
        | {"pipeline": [{"op": "border", "width": "2%", "color": "white"}]}         | 1640x1040 |
        | {"pipeline": [{"op": "roundCorners"}], "output": {"format": "png"}}       | 1600x1000 |

  Rule: A picture can be marked with a text

    Scenario: Her name and the day stand in the corner
      When she uploads a 1600x1000 photo with these processing options
        """
        {"watermark": {"text": "© ${user.username}\n${date}", "size": 80, "opacity": 1}, "format": "png"}
        """
      Then the image is soon completed
      And what has changed lies in the lower right quarter

    Scenario: A text all over the picture
      When she uploads a photo with the processing options {"watermark": {"text": "PROOF", "tile": true, "angle": -30, "spacing": 20}, "format": "png"}
      Then the image is soon completed
      And every quarter of it has changed

    Scenario Outline: A text that cannot be written
      When she uploads a photo with the processing options <options>
      Then the upload is refused as "invalid-parameter" at "<place>"

      Examples:
        | options                                                          | place            |
        | {"watermark": {"text": "${user.password}"}}                      | /watermark/text  |
        | {"watermark": {"text": "${date"}}                                | /watermark/text  |
        | {"watermark": {"text": "a", "image": "logo.png"}}                | /watermark/text  |
        | {"watermark": {"image": "logo.png", "font": "serif"}}            | /watermark/font  |
        | {"pipeline": [{"op": "watermark", "text": "a", "font": "/etc"}]} | /pipeline/0/font |
        | {"watermark": {"text": "a", "font": "../brand.ttf"}}             | /watermark/font  |
        | {"watermark": {"text": "a", "font": 7}}                          | /watermark/font  |

  Rule: Any of the six formats goes in and comes out

    Scenario Outline: Converting a photo
      When she uploads a <source> photo with the processing options {"resize": "400x400", "format": "<target>"}
      Then the result is a <target>
      And the result looks like the photo

      Examples:
        | source | target |
        | jpeg   | webp   |
        | png    | jpeg   |
        | webp   | avif   |
        | avif   | png    |
        | tiff   | jpeg   |
        | jpeg   | tiff   |
        | png    | gif    |

    Scenario Outline: A result is written as it is asked for
      When she uploads a 1600x1000 photo with the processing options {"output": <output>}
      Then the result is a <format>
      And the result has at most <bytes> bytes

      Examples:
        | output                                                       | format | bytes  |
        | {"format": "auto"}                                           | webp   | 400000 |
        | {"format": "jpeg", "maxBytes": 60000, "progressive": true}   | jpeg   | 60000  |
        | {"format": "avif", "quality": {"avif": 30, "jpeg": 90}}      | avif   | 100000 |
        | {"format": "png", "palette": {"colors": 16, "dither": 0}}    | png    | 900000 |

    Scenario: A size that cannot be met
      When she uploads a 1600x1000 photo with the processing options {"output": {"format": "webp", "maxBytes": 300}}
      Then the image is soon "failed"
      And the task says why: one of "output_too_large"

    Scenario: An animation stays an animation
      When she uploads an animated gif of 8 frames with the processing options {"resize": "120x"}
      Then the result has 8 frames
      And the result is a gif

    Scenario: An animated gif becomes an animated webp
      When she uploads an animated gif of 8 frames with the processing options {"resize": "120x", "format": "webp"}
      Then the result has 8 frames
      And the result is a webp
